with source_rows as (
    select * from {{ source('raw_files', 'subscriptions') }}
),

renamed as (
    select
        email,
        {{ instant("subscribed_at") }} as subscribed_at,
        {{ instant("unsubscribed_at") }} as unsubscribed_at,
        {{ instant("bounced_at") }} as bounced_at,
        {{ instant("_loaded_at") }} as loaded_at
    from source_rows
)

select *
from renamed
where email is not null
{{ keep_newest(["email"], ["loaded_at", "subscribed_at", "unsubscribed_at", "bounced_at"]) }}
