copy (
    select order_name(order_key) as order_ref, line_number, quantity::bigint as quantity, back_asked_at as requested_at, back_at as returned_at
    from sent_back
    order by order_key, line_number
) to (getvariable('target')) (format parquet, compression zstd);
