with buyers as (
    select
        customer_id,
        product_id,
        min(ordered_at) as first_bought_at,
        max(ordered_at) as last_bought_at
    from {{ ref('fct_order_lines') }}
    where is_valid and customer_id is not null
    group by 1, 2
)

select
    *,
    dense_rank() over (order by customer_id) as customer_number,
    dense_rank() over (order by product_id) as product_number
from buyers
