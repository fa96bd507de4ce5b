with complements as (
    select
        affinity.product_a_id,
        affinity.product_b_id,
        affinity.complement_rank,
        row_number() over (partition by affinity.product_a_id order by affinity.complement_rank) as place
    from {{ ref('product_affinity') }} as affinity
    inner join {{ ref('dim_products') }} as products on affinity.product_b_id = products.product_id
    where affinity.is_complement and products.is_active and products.is_in_stock
),

anchors as (
    select customer_id, product_id from {{ ref('int_customer_anchors') }}
),

buyers as (
    select customer_id, product_id from {{ ref('int_product_buyers') }}
),

bought_counts as (
    select customer_id, count(*) as bought_count from buyers group by customer_id
),

{# Who bought k products has at most k of an anchor's complements, so places after k + the highest rank never count. #}
offers as (
    select anchors.customer_id, complements.product_b_id, min(complements.complement_rank) as complement_rank
    from anchors
    inner join bought_counts on anchors.customer_id = bought_counts.customer_id
    inner join complements
        on anchors.product_id = complements.product_a_id
        and complements.place <= bought_counts.bought_count + {{ var('complement_max_rank') }}
    group by 1, 2
),

ranked as (
    select
        offers.customer_id,
        offers.complement_rank,
        row_number() over (partition by offers.customer_id order by offers.complement_rank) as offer_rank
    from offers
    left join buyers
        on offers.customer_id = buyers.customer_id
        and offers.product_b_id = buyers.product_id
    where buyers.customer_id is null
)

select
    ranked.customer_id,
    ranked.offer_rank,
    complements.product_a_id,
    complements.product_b_id
from ranked
inner join complements on ranked.complement_rank = complements.complement_rank
where ranked.offer_rank <= {{ var('complement_max_rank') }}
