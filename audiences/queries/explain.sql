-- Everything that a published build and the ledger say of one customer. Only reads; `build` is the published build.

-- name: references
select source, ref_kind, ref, linked_at
from build.marts.customer_refs
where customer_id = $customer_id
order by ref_kind = 'visitor', linked_at desc nulls last, source, ref
limit $most;

-- name: reference_count
select count(*) from build.marts.customer_refs where customer_id = $customer_id;

-- name: segments
select table_name from information_schema.tables
where table_catalog = 'build' and table_schema = 'segments' and starts_with(table_name, 'seg_')
order by table_name;

-- name: gate
select purpose, is_addressable, why_not, decided_at
from build.marts.dim_addressable
where customer_id = $customer_id
order by purpose;

-- name: identifiers
select
    count(distinct email_canonical),
    count(distinct phone_plus),
    coalesce(bool_or(meta_first_name is not null or meta_last_name is not null), false),
    coalesce(bool_or(meta_city is not null or meta_postcode is not null), false)
from build.marts.dim_identifiers
where customer_id = $customer_id;

-- name: own_hashes
select email_plain, phone_plus from build.marts.dim_identifiers where customer_id = $customer_id;

-- name: forgotten
-- when somebody asked to be forgotten with this address or number
select max(erasures.asked_at)
from sync.tombstones
inner join sync.erasures on erasures.erasure_id = tombstones.erasure_id
where tombstones.kind = $kind and tombstones.canonical_hash = tombstone($hash);

-- name: forgotten_id
-- when a customer of this id was
select max(erasures.asked_at)
from sync.tombstones
inner join sync.erasures on erasures.erasure_id = tombstones.erasure_id
where tombstones.kind = 'customer' and tombstones.canonical_hash = member_key($text);

-- name: erasures
-- by an address or a number of theirs, or by any id that they ever had, whatever addresses they have by now
with known_by as (
    select 'email' as kind, tombstone(email_canonical) as canonical_hash
    from build.marts.dim_identifiers
    where customer_id = $customer_id and email_canonical is not null
    union
    select 'phone', tombstone(phone_plus)
    from build.marts.dim_identifiers
    where customer_id = $customer_id and phone_plus is not null
    union
    select 'customer', member_key from explained
)
select distinct erasures.asked_at, erasures.finished_at, erasures.state
from sync.tombstones
inner join known_by on known_by.kind = tombstones.kind and known_by.canonical_hash = tombstones.canonical_hash
inner join sync.erasures on erasures.erasure_id = tombstones.erasure_id
order by erasures.asked_at;

-- name: keys
-- the names that the ledger has for the customer: of today's id, and of the ids of before references were joined
create or replace temp table explained as
select member_key($customer_id) as member_key
union
select former_key from former where member_key = member_key($customer_id);

-- name: quarantined
select lists.audience, quarantine.list_id, quarantine.reason, quarantine.quarantined_at
from sync.quarantine as quarantine
inner join sync.lists as lists on lists.list_id = quarantine.list_id
where quarantine.member_key in (select member_key from explained)
order by quarantine.list_id, quarantine.quarantined_at;

-- name: entries
select experiment, arm, entered_at, audience
from sync.experiment_entries
where member_key in (select member_key from explained)
order by entered_at, experiment, audience;

-- name: history
select
    audience, coalesce(min(entered_at) filter (where left_at is null), max(entered_at)) as entered_at, max(left_at) as left_at,
    bool_or(left_at is null) as is_in
from sync.audience_history
where member_key in (select member_key from explained)
group by audience;

-- name: memberships
select lists.audience, memberships.* exclude (member_key, identifiers, fingerprint)
from sync.memberships as memberships
inner join sync.lists as lists on lists.list_id = memberships.list_id
where memberships.member_key in (select member_key from explained)
order by memberships.list_id;

-- name: waiting
-- changes of each list's newest plan that have not gone: held by a guard, or not applied yet
with newest as (
    select list_id, arg_max(plan_id, sequence_number) as plan_id
    from sync.plans
    where purpose = 'sync'
    group by list_id
)
select
    coalesce(lists.audience, plans.entry ->> '$.audience') as audience,
    plans.list_id,
    if(bool_or(change.operation = 'update'), 'update', min(change.operation)) as operation,
    bool_or(change.is_held) as is_held,
    plans.created_at,
    any_value((plans.entry -> '$.guard' -> '$.reasons')::varchar[]) as reasons
from sync.plan_changes as change
inner join newest on newest.plan_id = change.plan_id and newest.list_id = change.list_id
inner join sync.plans as plans on plans.plan_id = change.plan_id and plans.list_id = change.list_id
left join sync.lists as lists on lists.list_id = change.list_id
where change.phase > 0
    and change.member_key in (select member_key from explained)
    and (change.is_held or plans.state in ('planned', 'applying'))
group by all
order by plans.list_id;

-- name: funnel
select customer_id, audience, out_reason from funnel where list_contains($customers, customer_id);

-- name: placed
select customer_id, out_reason, arm, split_value, is_wanted from placed where list_contains($customers, customer_id);

-- name: sharing
-- everybody with an address of one of these customers
with addresses as (
    select email_canonical, phone_plus from build.marts.dim_identifiers where list_contains($customers, customer_id)
)
select distinct customer_id
from build.marts.dim_identifiers
where email_canonical in (select email_canonical from addresses)
    or phone_plus in (select phone_plus from addresses);

-- name: tables
-- facts are of customers too, but no step reads them
select tables.table_schema, tables.table_name, not starts_with(tables.table_name, 'fct_') and exists (
    select 1 from information_schema.columns as columns
    where columns.table_catalog = tables.table_catalog and columns.table_schema = tables.table_schema
        and columns.table_name = tables.table_name and columns.column_name = 'customer_id'
)
from information_schema.tables as tables
where tables.table_catalog = $whole
order by 1, 2;
