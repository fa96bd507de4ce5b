{# The heaviest join of the project: hence numbers for keys, and each two products counted once for both directions. #}
with buyers as (
    select * from {{ ref('int_product_buyers') }}
),

products as (
    select
        product_number,
        product_id,
        count(*) as buyer_count,
        count(case when last_bought_at > first_bought_at then 1 end) as again_count
    from buyers
    group by 1, 2
),

pairs as (
    select distinct
        least(a.product_number, b.product_number) as number_1,
        greatest(a.product_number, b.product_number) as number_2
    from {{ ref('int_product_pairs') }} as pairs
    inner join products as a on pairs.product_a_id = a.product_id
    inner join products as b on pairs.product_b_id = b.product_id
),

bought_both as (
    select
        pairs.number_1,
        pairs.number_2,
        count(*) as buyer_count,
        count(case when a.last_bought_at > a.first_bought_at then 1 end) as again_1,
        count(case when b.last_bought_at > b.first_bought_at then 1 end) as again_2,
        count(case when a.first_bought_at < b.first_bought_at then 1 end) as switchers_1,
        count(case when b.first_bought_at < a.first_bought_at then 1 end) as switchers_2,
        count(case when a.first_bought_at < b.first_bought_at and b.first_bought_at < a.last_bought_at then 1 end) as back_1,
        count(case when b.first_bought_at < a.first_bought_at and a.first_bought_at < b.last_bought_at then 1 end) as back_2
    from buyers as a
    inner join buyers as b
        on a.customer_number = b.customer_number
        and a.product_number < b.product_number
    inner join pairs
        on a.product_number = pairs.number_1
        and b.product_number = pairs.number_2
    group by 1, 2
),

directed as (
    select
        number_1 as number_a,
        number_2 as number_b,
        buyer_count,
        again_1 as again_count,
        switchers_1 as switcher_count,
        back_1 as switcher_again_count
    from bought_both
    union all
    select number_2, number_1, buyer_count, again_2, switchers_2, back_2 from bought_both
)

select
    a.product_id as product_a_id,
    b.product_id as product_b_id,
    directed.switcher_count,
    directed.switcher_again_count,
    a.buyer_count - directed.buyer_count as other_count,
    a.again_count - directed.again_count as other_again_count
from directed
inner join products as a on directed.number_a = a.product_number
inner join products as b on directed.number_b = b.product_number
