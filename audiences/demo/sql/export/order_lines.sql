copy (
    select order_name(order_key) as order_ref, product_ref, line_number, quantity::bigint as quantity, unit_price, discount_amount
    from lines
    order by order_key, line_number
) to (getvariable('target')) (format parquet, compression zstd);
