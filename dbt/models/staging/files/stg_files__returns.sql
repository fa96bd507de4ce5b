with source_rows as (
    select * from {{ source('raw_files', 'returns') }}
),

renamed as (
    select
        {{ text("order_ref") }} as order_ref,
        {{ integer("line_number") }} as line_number,
        {{ integer("quantity") }} as quantity,
        {{ instant("requested_at") }} as requested_at,
        {{ instant("returned_at") }} as returned_at,
        {{ instant("_loaded_at") }} as loaded_at
    from source_rows
)

select *
from renamed
where order_ref is not null
  and line_number is not null
  and quantity is not null
{{ keep_newest(["order_ref", "line_number"], ["loaded_at", "returned_at", "requested_at", "quantity"]) }}
