with products as (
    {{ union_sources('products') }}
)

select *
from products
qualify row_number() over (partition by product_ref order by {{ source_rank() }}, source) = 1
