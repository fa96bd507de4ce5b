with orders as (
    {{ union_sources('orders') }}
),

lines as (
    {{ union_sources('order_lines') }}
),

returns as (
    {{ union_sources('returns') }}
),

not_products as (
    select product_ref from {{ ref('int_catalogue') }} where not is_product
),

joined as (
    select
        lines.source,
        lines.order_ref,
        lines.line_number,
        lines.product_ref,
        orders.ordered_at,
        lines.quantity,
        coalesce(lines.unit_price, 0) as unit_price,
        coalesce(lines.discount_amount, 0) as discount_amount,
        lines.quantity > 0 and not_products.product_ref is null as is_goods,
        coalesce(returns.quantity, 0) as returned_quantity,
        returns.returned_at
    from lines
    inner join orders
        on lines.source = orders.source
        and lines.order_ref = orders.order_ref
    left join not_products on lines.product_ref = not_products.product_ref
    left join returns
        on lines.source = returns.source
        and lines.order_ref = returns.order_ref
        and lines.line_number = returns.line_number
        and returns.returned_at <= {{ as_of() }}
    where orders.ordered_at <= {{ as_of() }}
)

select
    {{ order_line_id() }} as order_line_id,
    {{ order_id() }} as order_id,
    joined.*,
    {{ money('quantity * unit_price - discount_amount') }} as line_amount,
    is_goods and returned_quantity >= quantity as is_returned
from joined
