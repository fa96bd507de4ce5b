{% set similar_from = 0.5 %}
{% set switchers_from = 5 %}

with pairs as (
    select product_a_id, product_b_id from {{ ref('int_product_pairs') }}
),

products as (
    select *, {{ code_stem('product_id') }} as code_stem from {{ ref('dim_products') }}
),

names as (
    select * from {{ ref('int_product_name_overlaps') }}
),

switches as (
    select
        *,
        switcher_count >= {{ switchers_from }}
            and 2 * switcher_again_count * other_count < other_again_count * switcher_count as is_bought_instead
    from {{ ref('int_product_switches') }}
),

judged as (
    select
        pairs.product_a_id,
        pairs.product_b_id,
        case
            when a.product_group = b.product_group then 'same_group'
            when a.code_stem = b.code_stem then 'same_code'
            when names.name_overlap = 1 then 'same_name'
            when names.name_overlap >= {{ similar_from }} then 'similar_name'
            when a.is_durable and a.category_path = b.category_path then 'same_leaf_category'
            when switches.is_bought_instead then 'bought_instead'
        end as substitute_reason
    from pairs
    inner join products as a on pairs.product_a_id = a.product_id
    inner join products as b on pairs.product_b_id = b.product_id
    left join names
        on pairs.product_a_id = names.product_a_id
        and pairs.product_b_id = names.product_b_id
    left join switches
        on pairs.product_a_id = switches.product_a_id
        and pairs.product_b_id = switches.product_b_id
)

select * from judged where substitute_reason is not null
