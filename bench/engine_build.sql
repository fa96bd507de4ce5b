-- A published build of one segment: 50 of 51 customers may be addressed, and these $members are its members; every 20th
-- has two e-mails. $moved blocks of 51 customers are gone and as many are new; with $moved > 0 one in a thousand of those
-- who stay has another e-mail. Only what the engine reads, whole: nothing here goes through Python.

create schema marts;
create schema segments;

create temp table numbers as
select number, substr(sha256('customer ' || number), 1, 32) as customer_id, number % 51 < 50 as is_addressable
from range($moved * 51, $moved * 51 + $members // 50 * 51) as counted (number);

create temp table words as
select
    word,
    sha256('first name ' || word) as first_name,
    sha256('last name ' || word) as last_name,
    sha256('city ' || word % 300) as city,
    sha256('state ' || word % 50) as state,
    sha256('postcode ' || word) as postcode,
    sha256('us') as country
from range(1000) as counted (word);

create table marts.dim_customers as
select customer_id, 'US' as country, 1 + number % 9 as order_count, if(number % 10 = 0, 'top', 'low') as value_tier
from numbers;

create table marts.customer_refs as
select
    customer_id,
    'shop' as source,
    'customer' as ref_kind,
    number::varchar as ref,
    customer_id as own_id,
    timestamp '2026-01-01' as linked_at
from numbers;

create table marts.dim_identifiers as
with contacts as (
    select
        customer_id,
        position,
        number,
        sha256('email ' || position || ' ' || number || if($moved > 0 and number % 1000 = 7, ' new', '')) as email,
        if(position = 1, sha256('phone ' || number), null) as phone_digits,
        if(position = 1, sha256('phone +' || number), null) as phone_plus
    from numbers, range(1, if(number % 20 = 0, 3, 2)) as positions (position)
)
select
    customer_id,
    position::bigint as position,
    email as email_plain,
    if(number % 3 = 0, sha256('gmail ' || email), email) as email_gmail,
    if(number % 3 = 0, sha256('stripped ' || email), email) as email_stripped,
    sha256('canonical ' || email) as email_canonical,
    phone_digits,
    phone_plus,
    words.first_name as meta_first_name,
    words.last_name as meta_last_name,
    words.city as meta_city,
    words.state as meta_state,
    words.postcode as meta_postcode,
    words.country as meta_country,
    words.first_name as google_given_name,
    words.last_name as google_family_name,
    1::bigint as recipe_version
from contacts
inner join words on words.word = contacts.number % 1000;

create table marts.dim_addressable as
select
    customer_id,
    purpose,
    is_addressable,
    if(is_addressable, null, 'consent_denied') as why_not,
    if(is_addressable, 'granted', 'denied') as consent_status,
    timestamp '2026-01-01' as decided_at
from numbers, unnest(['ad_user_data', 'ad_personalization', 'email']) as purposes (purpose);

create table segments.seg_lapsed_buyers as
select
    customer_id,
    timestamp '2026-05-01' as qualified_at,
    'last ordered 200 days ago' as reason,
    200::bigint as days_since_last_order
from numbers;
