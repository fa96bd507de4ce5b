with items as (
    select
        baskets.basket_id,
        products.category,
        max(case when baskets.is_anchor then 1 else 0 end) = 1 as is_anchor
    from {{ ref('int_basket_products') }} as baskets
    inner join {{ ref('dim_products') }} as products on baskets.product_id = products.product_id
    where products.category is not null
    group by 1, 2
),

pairs as (
    {{ counted_pairs('items', 'category', ref('int_basket_products')) | indent(4) }}
)

select
    item_a as category_a,
    item_b as category_b,
    n,
    n_a,
    n_b,
    basket_count,
    {{ pair_support('n', 'basket_count') }} as support,
    {{ pair_confidence('n', 'n_a') }} as confidence,
    {{ pair_lift('n', 'n_a', 'n_b', 'basket_count') }} as lift
from pairs
