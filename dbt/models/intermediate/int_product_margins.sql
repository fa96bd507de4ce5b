{% set cost_known_from = 0.95 %}

with products as (
    select * from {{ ref('dim_products') }}
),

revenue as (
    select
        sum(lines.line_amount) as line_amount,
        sum(case when products.cost is not null then lines.line_amount else 0 end) as known_amount
    from {{ ref('fct_order_lines') }} as lines
    inner join products on lines.product_id = products.product_id
    where lines.is_valid
)

select
    products.product_id,
    {{ money('greatest(coalesce(products.price - products.cost, 0), 0)') }} as margin
from products
cross join revenue
where revenue.known_amount >= {{ cost_known_from }} * revenue.line_amount and revenue.line_amount > 0
