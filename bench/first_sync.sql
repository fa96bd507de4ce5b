-- A published build of one segment, $members people with one full row of identifiers each. Only what a plan reads.

create schema marts;
create schema segments;

create table marts.dim_customers as
select sha256('customer ' || number) as customer_id from range($members) as numbers (number);

create table marts.dim_identifiers as
select
    customer_id,
    1::bigint as position,
    sha256('email ' || customer_id) as email_plain,
    sha256('phone ' || customer_id) as phone_digits,
    sha256('first name ' || customer_id[:2]) as meta_first_name,
    sha256('last name ' || customer_id[:3]) as meta_last_name,
    sha256('city ' || customer_id[:2]) as meta_city,
    sha256('state ' || customer_id[:1]) as meta_state,
    sha256('postcode ' || customer_id[:3]) as meta_postcode,
    sha256('us') as meta_country,
    email_plain as email_canonical,
    sha256('+' || customer_id) as phone_plus,
    1::bigint as recipe_version
from marts.dim_customers;

create table marts.customer_refs as
select customer_id, customer_id as own_id, 'files' as source, 'customer' as ref_kind, customer_id as ref
from marts.dim_customers;

create table marts.dim_addressable as
select customer_id, purpose, true as is_addressable, null::varchar as why_not
from marts.dim_customers, unnest(['ad_user_data', 'ad_personalization', 'email']) as purposes (purpose);

create table segments.seg_lapsed_buyers as
select customer_id, timestamp '2026-11-01' as qualified_at, 'last ordered 200 days ago' as reason
from marts.dim_customers;
