with source_rows as (
    select * from {{ source('raw_files', 'customers') }}
),

renamed as (
    select
        {{ text("customer_ref") }} as customer_ref,
        email,
        phone,
        {{ text("first_name") }} as first_name,
        {{ text("last_name") }} as last_name,
        {{ text("street") }} as street,
        {{ text("city") }} as city,
        {{ text("state") }} as state,
        {{ text("postcode") }} as postcode,
        {{ country_code("country") }} as country,
        lower({{ text("gender") }}) as gender,
        {{ text("interests") }} as interests,
        {{ flag("has_account") }} as has_account,
        {{ flag("is_staff") }} as is_staff,
        {{ flag("is_business") }} as is_business,
        cast(birth_date as date) as birth_date,
        {{ instant("created_at") }} as created_at,
        {{ instant("updated_at") }} as updated_at,
        {{ instant("_loaded_at") }} as loaded_at
    from source_rows
)

select *
from renamed
where customer_ref is not null
{{ keep_newest(["customer_ref"], ["updated_at", "loaded_at", "created_at", "email", "phone"]) }}
