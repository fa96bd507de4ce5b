with source_rows as (
    select * from {{ source('raw_files', 'orders') }}
),

renamed as (
    select
        {{ text("order_ref") }} as order_ref,
        {{ text("customer_ref") }} as customer_ref,
        email,
        phone,
        {{ text("first_name") }} as first_name,
        {{ text("last_name") }} as last_name,
        {{ text("city") }} as city,
        {{ text("state") }} as state,
        {{ text("postcode") }} as postcode,
        {{ country_code("country") }} as country,
        lower({{ text("status") }}) as status,
        upper({{ text("currency") }}) as currency,
        {{ text("coupon") }} as coupon,
        lower({{ text("channel") }}) as channel,
        {{ flag("is_test") }} as is_test,
        {{ flag("is_subscription") }} as is_subscription,
        {{ money("goods_amount") }} as goods_amount,
        {{ money("discount_amount") }} as discount_amount,
        {{ money("shipping_amount") }} as shipping_amount,
        {{ money("tax_amount") }} as tax_amount,
        {{ money("refunded_amount") }} as refunded_amount,
        {{ instant("ordered_at") }} as ordered_at,
        {{ instant("cancelled_at") }} as cancelled_at,
        {{ instant("promised_at") }} as promised_at,
        {{ instant("shipped_at") }} as shipped_at,
        {{ instant("delivered_at") }} as delivered_at,
        {{ instant("updated_at") }} as updated_at,
        {{ instant("_loaded_at") }} as loaded_at
    from source_rows
)

select *
from renamed
where order_ref is not null
  and ordered_at is not null
{{ keep_newest(["order_ref"], ["updated_at", "loaded_at", "ordered_at", "status", "goods_amount", "customer_ref", "email", "phone"]) }}
