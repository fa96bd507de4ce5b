copy (
    select
        product_ref,
        concat_ws(' ', name, variant) as name,
        product_group,
        leaf as category_path,
        brand,
        concat('https://demo-guitars.example/', lower(product_ref)) as url,
        concat('https://demo-guitars.example/images/', lower(product_ref), '.jpg') as image_url,
        price, cost, stock, cycle_days::bigint as cycle_days,
        is_consumable, is_durable, is_product, is_active,
        moment(launched_days_ago, 36000) as launched_at,
        moment(least(launched_days_ago, product_number % 40 + 1), 36000) as updated_at
    from products
    order by product_ref
) to (getvariable('target')) (format csv, header);
