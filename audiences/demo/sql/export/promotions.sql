copy (
    select
        promo_ref, name, kind, code,
        case when kind = 'products'
            then (select string_agg(product_ref, ',' order by product_ref) from products where products.leaf = promotions.leaf_prefix)
        end as product_refs,
        case when kind <> 'products' then leaf_prefix end as categories,
        depth_percent::double / 100 as depth,
        moment(from_days_ago, 0) as starts_at,
        moment(to_days_ago, 86399) as ends_at
    from promotions
    order by promo_ref
) to (getvariable('target')) (format json);
