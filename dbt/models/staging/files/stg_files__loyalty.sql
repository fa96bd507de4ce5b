with source_rows as (
    select * from {{ source('raw_files', 'loyalty') }}
),

renamed as (
    select
        {{ text("customer_ref") }} as customer_ref,
        {{ text("tier") }} as tier,
        {{ integer("points") }} as points,
        {{ instant("points_expire_at") }} as points_expire_at,
        {{ instant("enrolled_at") }} as enrolled_at,
        {{ instant("_loaded_at") }} as loaded_at
    from source_rows
)

select *
from renamed
where customer_ref is not null
{{ keep_newest(["customer_ref"], ["loaded_at", "enrolled_at", "points", "tier"]) }}
