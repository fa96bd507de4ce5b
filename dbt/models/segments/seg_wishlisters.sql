with items as (
    select * from {{ ref('int_wishlist_items') }}
    where customer_id is not null
        and removed_at is null
        and {{ days_since('added_at') }} < {{ var('wishlist_days') }}
),

buyers as (
    select * from {{ ref('int_product_buyers') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

wished as (
    select
        items.customer_id,
        items.product_id,
        coalesce(products.name, items.product_id) as product_name,
        products.category,
        products.price,
        items.price_at_add,
        items.added_at,
        coalesce(products.is_active and products.is_in_stock, false) as in_stock,
        coalesce(round(greatest(items.price_at_add - products.price, 0) / nullif(items.price_at_add, 0), 6), 0) as price_drop
    from items
    left join products on items.product_id = products.product_id
    left join buyers
        on items.customer_id = buyers.customer_id
        and items.product_id = buyers.product_id
        and buyers.last_bought_at >= items.added_at
    where buyers.customer_id is null
)

select
    customer_id,
    added_at as qualified_at,
    'put ' || product_name || ' on the wishlist ' || {{ days_ago(days_since('added_at')) }}
    || case
        when price_drop >= 0.01
            then ', now ' || cast(cast(floor(price_drop * 100) as {{ dbt.type_int() }}) as {{ dbt.type_string() }}) || ' % cheaper'
        else ''
    end as reason,
    row_number() over (
        partition by customer_id
        order by case when in_stock then 0 else 1 end, price_drop desc, added_at desc, product_id
    ) as rank,
    product_id,
    category,
    price,
    {{ money('price_at_add') }} as price_at_add,
    added_at,
    in_stock
from wished
