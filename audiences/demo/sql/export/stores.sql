copy (
    select store_ref, name, city, region, country, postcode, latitude::double as latitude, longitude::double as longitude
    from stores
    order by store_ref
) to (getvariable('target')) (format csv, header);
