copy (
    with known as (
        select order_fates.*, people.* exclude (number, habit, situation, contact, interest, stance_bits, is_guest_only),
            dice(concat('form', order_key)) as form_bits
        from order_fates
        inner join people on people.number = order_fates.number
    ),

    amounts as (
        select order_key, sum(refund) filter (where back_at is not null) as refunded_amount, max(back_at) as back_at
        from sent_back
        group by order_key
    )

    select
        order_name(known.order_key) as order_ref,
        case
            when is_unknown or is_guest then null
            when second_ref is not null and pick(form_bits, 0, 10) < 3 then second_ref
            else customer_ref
        end as customer_ref,
        case
            when is_unknown or channel = 'store' and pick(form_bits, 0, 2) = 0 then null
            when is_guest and not is_guest_only and phone_number is not null and pick(form_bits, 0, 10) = 9
                then concat('demo.elsewhere.', number, '@example.net')
            else typed_email(email, pick(form_bits, 1, 100))
        end as email,
        case
            when is_unknown then null
            when contact = 'broken_phone' then ['', 'n/a', '000'][1 + number % 3]
            when is_guest or pick(form_bits, 0, 10) >= 4 then typed_phone(dial, trunk, phone_number, pick(form_bits, 2, 100))
        end as phone,
        case when not is_unknown then first_name end as first_name,
        case when not is_unknown then last_name end as last_name,
        case when not is_unknown then city end as city,
        case when not is_unknown then state end as state,
        case when not is_unknown then postcode end as postcode,
        case when is_unknown then 'US' else country end as country,
        case
            when is_void then 'void'
            when cancelled_at is not null then 'cancelled'
            when amounts.refunded_amount >= goods_amount - discount_amount then 'refunded'
            when delivered_at is not null then 'completed'
            when shipped_at is not null then 'shipped'
            else 'paid'
        end as status,
        'USD' as currency,
        coupon, channel, is_test,
        habit = 'strings_club' as is_subscription,
        goods_amount, discount_amount,
        case when channel = 'store' or goods_amount >= 75 then 0 else 6.9 end::decimal(18, 4) as shipping_amount,
        case when country = 'US' then round((goods_amount - discount_amount) * 0.08, 2) else 0 end::decimal(18, 4) as tax_amount,
        coalesce(amounts.refunded_amount, 0)::decimal(18, 4) as refunded_amount,
        ordered_at, cancelled_at,
        case when channel = 'online' then ordered_at + to_days(6) end as promised_at,
        shipped_at, delivered_at,
        greatest(ordered_at, cancelled_at, shipped_at, delivered_at, amounts.back_at) as updated_at
    from known
    left join amounts using (order_key)
    order by known.order_key
) to (getvariable('target')) (format parquet, compression zstd);
