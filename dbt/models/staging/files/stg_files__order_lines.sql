with source_rows as (
    select * from {{ source('raw_files', 'order_lines') }}
),

renamed as (
    select
        {{ text("order_ref") }} as order_ref,
        {{ text("product_ref") }} as product_ref,
        {{ integer("line_number") }} as line_number,
        {{ integer("quantity") }} as quantity,
        {{ money("unit_price") }} as unit_price,
        {{ money("discount_amount") }} as discount_amount,
        {{ instant("_loaded_at") }} as loaded_at
    from source_rows
)

select *
from renamed
where order_ref is not null
  and line_number is not null
  and product_ref is not null
  and quantity is not null
{{ keep_newest(["order_ref", "line_number"], ["loaded_at", "quantity", "unit_price", "discount_amount", "product_ref"]) }}
