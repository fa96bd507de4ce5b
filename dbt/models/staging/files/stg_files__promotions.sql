with source_rows as (
    select * from {{ source('raw_files', 'promotions') }}
),

renamed as (
    select
        {{ text("promo_ref") }} as promo_ref,
        {{ text("name") }} as name,
        lower({{ text("kind") }}) as kind,
        {{ text("code") }} as code,
        {{ text("product_refs") }} as product_refs,
        {{ text("categories") }} as categories,
        cast(depth as {{ double_type() }}) as depth,
        {{ instant("starts_at") }} as starts_at,
        {{ instant("ends_at") }} as ends_at,
        {{ instant("_loaded_at") }} as loaded_at
    from source_rows
)

select *
from renamed
where promo_ref is not null
  and starts_at is not null
  and ends_at is not null
{{ keep_newest(["promo_ref"], ["loaded_at", "starts_at", "ends_at", "name"]) }}
