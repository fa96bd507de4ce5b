-- What somebody would write by hand to know whom to send: key and fingerprint of each customer whom the gate lets through
-- and who has an identifier. For one audience, one platform and one day; it counts nobody who falls out.
create temp table wanted as
with allowed as (
    select customer_id
    from build.marts.dim_addressable
    where purpose in ('ad_user_data', 'ad_personalization')
    group by customer_id
    having bool_and(is_addressable) and count(*) = 2
),
rows as (
    select
        customer_id,
        position,
        concat_ws(
            ',', coalesce(email_plain, ''), coalesce(phone_digits, ''), coalesce(meta_first_name, ''),
            coalesce(meta_last_name, ''), coalesce(meta_city, ''), coalesce(meta_state, ''), coalesce(meta_postcode, ''),
            coalesce(meta_country, '')
        ) as upload_row
    from build.marts.dim_identifiers
    where email_plain is not null or phone_digits is not null
),
gathered as (
    select customer_id, list(md5(upload_row)::uuid order by position) as row_hashes from rows group by customer_id
)
select member_key(customer_id) as member_key, fingerprint(gathered.row_hashes) as fingerprint
from build.segments.seg_lapsed_buyers
inner join allowed using (customer_id)
inner join gathered using (customer_id)
where days_since_last_order >= 180;
