copy (
    with taken as (
        select
            visits.*, visit_steps.step, visit_steps.event_type, visit_steps.ticket_offset, visit_steps.stay,
            turned_at + to_seconds(visit_steps.seconds::bigint) as occurred_at
        from visits
        inner join visit_steps on visit_steps.kind = visits.kind
        where pick(step_bits, step - 1, 1000) < visit_steps.chance
    ),

    aimed as (
        select taken.*, coalesce(taken.product_number, sold_then(tickets, days_ago)) as seen_product
        from taken
        left join tickets on tickets.leaf = taken.leaf and tickets.ticket = (taken.ticket + taken.ticket_offset) % 1000
    )

    select
        format('e{:09d}-{:04d}-{}', number + 100000000, visit_number, step) as event_ref,
        visitor_ref,
        case when is_signed_in then customer_ref end as customer_ref,
        case when visitor_ref is not null then concat(visitor_ref, '.', visit_number) end as session_ref,
        event_type,
        case when event_type not in ('view_category', 'search') then products.product_ref end as product_ref,
        case when event_type in ('view_category', 'view_product') then aimed.leaf end as category,
        case
            when event_type = 'purchase' then amount
            when event_type in ('add_to_cart', 'remove_from_cart', 'begin_checkout', 'payment_failed') then products.price
        end::decimal(18, 4) as value,
        case when stay > 0 then (stay * (50 + pick(step_bits, step - 1, 120)) // 100)::double end as seconds,
        case when kind <> 'mail' then consent_targeting end as consent_targeting,
        occurred_at
    from aimed
    left join products on products.product_number = aimed.seen_product
    where occurred_at < horizon()
    order by abs(number), number, visit_number, step
) to (getvariable('target')) (format parquet, compression zstd);
