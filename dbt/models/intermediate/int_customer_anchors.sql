with products as (
    select product_id, is_durable from {{ ref('dim_products') }}
),

lines as (
    select * from {{ ref('fct_order_lines') }} where is_kept and customer_id is not null
)

select
    lines.customer_id,
    lines.product_id,
    max(lines.ordered_at) as bought_at,
    max(greatest(
        lines.ordered_at,
        coalesce({{ midnight_after(shop_date('lines.delivered_at'), var('complement_delivered_days')) }}, lines.ordered_at)
    )) as qualified_at
from lines
inner join products on lines.product_id = products.product_id
where {{ days_since_date('lines.ordered_date') }}
    < case when products.is_durable then {{ var('durable_window_days') }} else {{ var('complement_window_days') }} end
    and (
        lines.delivered_at is null
        or {{ days_since('lines.delivered_at') }} >= {{ var('complement_delivered_days') }}
    )
group by 1, 2
