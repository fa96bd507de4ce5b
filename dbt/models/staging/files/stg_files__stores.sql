with source_rows as (
    select * from {{ source('raw_files', 'stores') }}
),

renamed as (
    select
        {{ text("store_ref") }} as store_ref,
        {{ text("name") }} as name,
        {{ text("city") }} as city,
        {{ text("region") }} as region,
        {{ country_code("country") }} as country,
        {{ text("postcode") }} as postcode,
        cast(latitude as {{ double_type() }}) as latitude,
        cast(longitude as {{ double_type() }}) as longitude,
        {{ instant("_loaded_at") }} as loaded_at
    from source_rows
)

select *
from renamed
where store_ref is not null
{{ keep_newest(["store_ref"], ["loaded_at", "name", "latitude", "longitude"]) }}
