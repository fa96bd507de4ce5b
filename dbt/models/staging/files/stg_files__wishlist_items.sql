with source_rows as (
    select * from {{ source('raw_files', 'wishlist_items') }}
),

renamed as (
    select
        {{ text("customer_ref") }} as customer_ref,
        {{ text("visitor_ref") }} as visitor_ref,
        {{ text("product_ref") }} as product_ref,
        {{ money("price_at_add") }} as price_at_add,
        {{ instant("added_at") }} as added_at,
        {{ instant("removed_at") }} as removed_at,
        {{ instant("_loaded_at") }} as loaded_at
    from source_rows
)

select *
from renamed
where product_ref is not null
  and added_at is not null
{{ keep_newest(["customer_ref", "visitor_ref", "product_ref", "added_at"], ["loaded_at", "removed_at", "price_at_add"]) }}
