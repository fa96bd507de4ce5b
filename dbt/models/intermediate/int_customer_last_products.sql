with last_orders as (
    select customer_id, order_id
    from {{ ref('int_customer_own_orders') }}
    qualify row_number() over (partition by customer_id order by ordered_at desc, order_id) = 1
),

lines as (
    select * from {{ ref('fct_order_lines') }} where is_valid
),

products as (
    select * from {{ ref('dim_products') }}
)

select
    last_orders.customer_id,
    lines.product_id,
    products.category
from last_orders
inner join lines on last_orders.order_id = lines.order_id
inner join products on lines.product_id = products.product_id
qualify row_number() over (
    partition by last_orders.customer_id
    order by lines.line_amount desc nulls last, lines.product_id, lines.line_number
) = 1
