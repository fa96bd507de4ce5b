copy (
    select
        case when situation <> 'wishes_as_visitor' then visits.customer_ref end as customer_ref,
        case when not visits.is_signed_in then visitor_ref end as visitor_ref,
        product_ref,
        -- one wish in three was made before the price came down
        case when wishes.number % 3 = 0 then round(price * 1.15, 2) else price end::decimal(18, 4) as price_at_add,
        turned_at as added_at,
        case when situation = 'wish_removed' then moment(wishes.days_ago - 3, wishes.seconds) end as removed_at
    from wishes
    inner join visits on visits.number = wishes.number and visits.visit_number = 200 + wishes.wish_number
    order by wishes.number, wishes.wish_number
) to (getvariable('target')) (format parquet, compression zstd);
