with source_rows as (
    select * from {{ source('raw_files', 'products') }}
),

renamed as (
    select
        {{ text("product_ref") }} as product_ref,
        {{ text("name") }} as name,
        {{ text("product_group") }} as product_group,
        {{ text("category_path") }} as category_path,
        {{ text("brand") }} as brand,
        {{ text("url") }} as url,
        {{ text("image_url") }} as image_url,
        {{ money("price") }} as price,
        {{ money("cost") }} as cost,
        {{ integer("stock") }} as stock,
        {{ integer("cycle_days") }} as cycle_days,
        {{ flag("is_consumable") }} as is_consumable,
        {{ flag("is_durable") }} as is_durable,
        {{ flag("is_product") }} as is_product,
        {{ flag("is_active") }} as is_active,
        {{ instant("launched_at") }} as launched_at,
        {{ instant("updated_at") }} as updated_at,
        {{ instant("_loaded_at") }} as loaded_at
    from source_rows
)

select *
from renamed
where product_ref is not null
{{ keep_newest(["product_ref"], ["updated_at", "loaded_at", "price", "stock", "name", "category_path"]) }}
