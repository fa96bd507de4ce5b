with products as (
    select * from {{ ref('dim_products') }}
),

complements as (
    select * from {{ ref('product_affinity') }} where is_complement
),

purchases as (
    select
        lines.customer_id,
        lines.product_id,
        max(lines.ordered_at) as bought_at,
        max(greatest(
            lines.ordered_at,
            coalesce({{ midnight_after(shop_date('lines.delivered_at'), var('complement_delivered_days')) }}, lines.ordered_at)
        )) as qualified_at
    from {{ ref('fct_order_lines') }} as lines
    inner join products on lines.product_id = products.product_id
    where lines.is_kept
        and lines.customer_id is not null
        and {{ days_since_date('lines.ordered_date') }}
        < case when products.is_durable then {{ var('durable_window_days') }} else {{ var('complement_window_days') }} end
        and (
            lines.delivered_at is null
            or {{ days_since('lines.delivered_at') }} >= {{ var('complement_delivered_days') }}
        )
    group by 1, 2
),

offers as (
    select purchases.customer_id, complements.product_b_id, min(complements.complement_rank) as complement_rank
    from purchases
    inner join complements on purchases.product_id = complements.product_a_id
    inner join products as recommended on complements.product_b_id = recommended.product_id
    left join {{ ref('int_product_buyers') }} as bought
        on purchases.customer_id = bought.customer_id
        and complements.product_b_id = bought.product_id
    where bought.customer_id is null and recommended.is_active and recommended.is_in_stock
    group by 1, 2
),

ranked as (
    select *, row_number() over (partition by customer_id order by complement_rank) as rank
    from offers
    qualify rank <= {{ var('complement_max_rank') }}
)

select
    ranked.customer_id,
    purchases.qualified_at,
    'bought ' || coalesce(anchor.name, anchor.product_id) || ' ' || {{ days_ago(days_since('purchases.bought_at')) }}
    || ', goes with ' || coalesce(recommended.name, recommended.product_id) as reason,
    ranked.rank,
    complements.product_a_id as anchor_product_id,
    complements.product_b_id as recommended_product_id,
    anchor.category as anchor_category,
    recommended.category as recommended_category,
    complements.confidence,
    complements.lift,
    complements.is_manual
from ranked
inner join complements on ranked.complement_rank = complements.complement_rank
inner join purchases
    on ranked.customer_id = purchases.customer_id
    and complements.product_a_id = purchases.product_id
inner join products as anchor on complements.product_a_id = anchor.product_id
inner join products as recommended on complements.product_b_id = recommended.product_id
