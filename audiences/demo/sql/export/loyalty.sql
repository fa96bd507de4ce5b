copy (
    select
        customer_ref,
        case when order_count >= 10 then 'gold' when order_count >= 4 then 'silver' else 'bronze' end as tier,
        (order_count * 100 + pick(trait_bits, 2, 90))::bigint as points,
        moment(-(5 + pick(trait_bits, 1, 360)), 60000) as points_expire_at,
        moment(greatest(joined_days_ago - 5, 0), 60000) as enrolled_at
    from people
    where customer_ref is not null
      and order_count > 0
      and pick(trait_bits, 0, 100) between 30 and 64
    order by customer_ref
) to (getvariable('target')) (format parquet, compression zstd);
