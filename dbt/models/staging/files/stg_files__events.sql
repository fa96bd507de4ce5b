with source_rows as (
    select * from {{ source('raw_files', 'events') }}
),

renamed as (
    select
        {{ text("event_ref") }} as event_ref,
        {{ text("visitor_ref") }} as visitor_ref,
        {{ text("customer_ref") }} as customer_ref,
        {{ text("session_ref") }} as session_ref,
        lower({{ text("event_type") }}) as event_type,
        {{ text("product_ref") }} as product_ref,
        {{ text("category") }} as category,
        {{ money("value") }} as value,
        cast(seconds as {{ double_type() }}) as seconds,
        {{ flag("consent_targeting") }} as consent_targeting,
        {{ instant("occurred_at") }} as occurred_at,
        {{ instant("_loaded_at") }} as loaded_at
    from source_rows
)

select *
from renamed
where event_ref is not null
  and occurred_at is not null
  and event_type is not null
{{ keep_newest(["event_ref"], ["loaded_at", "occurred_at", "event_type", "customer_ref", "visitor_ref", "product_ref", "category"]) }}
