with offers as (
    select * from {{ ref('int_customer_offers') }}
),

anchors as (
    select * from {{ ref('int_customer_anchors') }}
),

affinity as (
    select * from {{ ref('product_affinity') }}
),

products as (
    select * from {{ ref('dim_products') }}
)

select
    offers.customer_id,
    anchors.qualified_at,
    'bought ' || coalesce(a.name, a.product_id) || ' ' || {{ days_ago(days_since('anchors.bought_at')) }}
    || ', goes with ' || coalesce(b.name, b.product_id) as reason,
    offers.offer_rank as rank,
    a.product_id as anchor_product_id,
    b.product_id as recommended_product_id,
    a.category as anchor_category,
    b.category as recommended_category,
    affinity.confidence,
    affinity.lift,
    affinity.is_manual
from offers
inner join anchors
    on offers.customer_id = anchors.customer_id
    and offers.product_a_id = anchors.product_id
inner join affinity
    on offers.product_a_id = affinity.product_a_id
    and offers.product_b_id = affinity.product_b_id
inner join products as a on offers.product_a_id = a.product_id
inner join products as b on offers.product_b_id = b.product_id
