with counted as (
    {{ counted_pairs(ref('int_basket_products'), 'product_id', ref('int_basket_products')) | indent(4) }}
),

chosen as (
    select * from {{ ref('int_product_complements_chosen') }}
)

select
    coalesce(counted.item_a, chosen.product_a_id) as product_a_id,
    coalesce(counted.item_b, chosen.product_b_id) as product_b_id,
    counted.n,
    counted.n_a,
    counted.n_b,
    counted.basket_count,
    chosen.priority,
    chosen.is_block
from counted
full outer join chosen
    on counted.item_a = chosen.product_a_id
    and counted.item_b = chosen.product_b_id
