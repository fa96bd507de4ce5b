with catalogue as (
    select * from {{ ref('int_catalogue') }}
),

ordered as (
    select product_ref, min(source) as source
    from {{ ref('int_order_lines') }}
    group by product_ref
),

has_catalogue as (
    select count(*) > 0 as is_given from catalogue
),

products as (
    select
        coalesce(catalogue.product_ref, ordered.product_ref) as product_id,
        coalesce(catalogue.source, ordered.source) as source,
        catalogue.* {{ except_columns(['product_ref', 'source', 'is_active']) }},
        case
            when catalogue.product_ref is null then not has_catalogue.is_given
            when catalogue.launched_at > {{ as_of() }} then false
            else coalesce(catalogue.is_active, true)
        end as is_active
    from catalogue
    full outer join ordered on catalogue.product_ref = ordered.product_ref
    cross join has_catalogue
)

select
    product_id,
    source,
    name,
    product_group,
    category_path,
    trim({{ dbt.split_part('category_path', "'>'", 1) }}) as category,
    trim({{ dbt.split_part('category_path', "'>'", -1) }}) as leaf_category,
    brand,
    price,
    cost,
    stock,
    coalesce(is_consumable, false) as is_consumable,
    coalesce(is_durable, false) as is_durable,
    coalesce(is_product, true) as is_product,
    is_active,
    stock is null or stock > 0 as is_in_stock,
    cycle_days,
    url,
    image_url,
    launched_at
from products
