with source_rows as (
    select * from {{ source('raw_files', 'consents') }}
),

renamed as (
    select
        {{ text("customer_ref") }} as customer_ref,
        email,
        lower({{ text("purpose") }}) as purpose,
        lower({{ text("status") }}) as status,
        {{ text("given_at") }} as given_at,
        {{ instant("occurred_at") }} as occurred_at,
        {{ instant("_loaded_at") }} as loaded_at
    from source_rows
)

select *
from renamed
where purpose is not null
  and status is not null
  and occurred_at is not null
{{ keep_newest(["customer_ref", "email", "purpose", "occurred_at", "status"], ["loaded_at", "given_at"]) }}
