with lines as (
    select * from {{ ref('int_order_lines') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
)

select
    lines.order_line_id,
    lines.order_id,
    lines.line_number,
    orders.customer_id,
    lines.product_ref as product_id,
    orders.ordered_at,
    orders.ordered_date,
    lines.quantity,
    {{ money('lines.unit_price') }} as unit_price,
    {{ money('lines.discount_amount') }} as discount_amount,
    lines.line_amount,
    lines.returned_quantity,
    orders.delivered_at,
    orders.is_valid and lines.is_goods as is_valid,
    orders.is_valid and lines.is_goods and not lines.is_returned as is_kept
from lines
inner join orders on lines.order_id = orders.order_id
