-- What comes with a published build: keys, who was erased, and who has said no since. `build` is the build that is followed.

-- name: define_member_key
create or replace temp macro member_key(customer_id) as
    left(sha256(getvariable('ledger_key') || sha256(getvariable('ledger_key') || customer_id)), 32)::uuid;

-- name: define_tombstone
create or replace temp macro tombstone(canonical_hash) as
    left(sha256(getvariable('ledger_key') || 'tombstone ' || canonical_hash), 32)::uuid;

-- name: define_fingerprint
create or replace temp macro fingerprint(row_hashes) as
    if(len(row_hashes) = 1, row_hashes[1], md5(array_to_string(row_hashes, ';'))::uuid);

-- name: define_bucket
create or replace temp macro bucket(experiment, key) as
    ('0x' || substr(sha256(getvariable('ledger_key') || experiment || ':' || key::varchar), 1, 13))::bigint / 4503599627370496.0;

-- name: rows_to_look_at
select greatest(identifiers.total, memberships.total) + identifiers.total
from (select count(*) as total from build.marts.dim_identifiers) as identifiers,
    (select count(*) as total from sync.memberships) as memberships;

-- name: former
-- keys that a person had before references were joined: member keys are made of ids, and ids change when people merge
create or replace temp table former as
select distinct member_key(own_id) as former_key, member_key(customer_id) as member_key
from build.marts.customer_refs
where own_id <> customer_id and ref_kind <> 'visitor';

-- name: entombed
-- rows with an address or a number that somebody wanted to be forgotten with; looked for once, because hashing takes long
create or replace temp table entombed as
select
    customer_id, tombstone(email_canonical) as email, tombstone(phone_plus) as phone,
    [*columns('^email_')] as email_values, [*columns('^phone_')] as phone_values
from build.marts.dim_identifiers
where exists (select 1 from sync.tombstones) and (
    tombstone(email_canonical) in (select canonical_hash from sync.tombstones where kind in ('email', 'shared_email'))
    or tombstone(phone_plus) in (select canonical_hash from sync.tombstones where kind in ('phone', 'shared_phone'))
);

-- name: erased
-- every customer who has one of them for themselves
create or replace temp table erased as
select distinct customer_id
from entombed
where email in (select canonical_hash from sync.tombstones where kind = 'email')
    or phone in (select canonical_hash from sync.tombstones where kind = 'phone');

-- name: half_erased
-- identifiers that somebody erased had in common with others: sent for nobody, but who has one is not erased by that
create or replace temp table half_erased as
select distinct customer_id, value
from (
    select customer_id, unnest(email_values) as value
    from entombed
    where email in (select canonical_hash from sync.tombstones where kind = 'shared_email')
    union all
    select customer_id, unnest(phone_values)
    from entombed
    where phone in (select canonical_hash from sync.tombstones where kind = 'shared_phone')
)
where value is not null;

-- name: nobody_refused_since
create or replace temp table refused_since (customer_id varchar, purpose varchar, why_not varchar);
create or replace temp table identifiers_since as from build.marts.dim_identifiers limit 0;

-- name: refused_since
-- an older build is followed: whom the newest one refuses is refused, under any id that they have in either. Who was only
-- never asked is as the older build has them
insert into refused_since
with refusals as (
    select customer_id, purpose, why_not
    from newest.marts.dim_addressable
    where is_addressable is distinct from true and why_not <> 'consent_unknown'
),
ids as (
    select refs.own_id, refusals.purpose, refusals.why_not
    from refusals
    inner join newest.marts.customer_refs as refs on refs.customer_id = refusals.customer_id
    where refs.ref_kind <> 'visitor'
    union
    select customer_id, purpose, why_not from refusals
)
select distinct coalesce(refs.customer_id, ids.own_id), ids.purpose, ids.why_not
from ids
left join build.marts.customer_refs as refs on refs.own_id = ids.own_id and refs.ref_kind <> 'visitor';

-- name: identifiers_since
-- and what they have in the newest build is sent for nobody, also when they are new, or have it only since
insert into identifiers_since by name
select identifiers.* replace (coalesce(refs.customer_id, identifiers.customer_id) as customer_id)
from newest.marts.dim_identifiers as identifiers
left join (
    select own_id, min(customer_id) as customer_id from build.marts.customer_refs where ref_kind <> 'visitor' group by own_id
) as refs on refs.own_id = identifiers.customer_id
where coalesce(refs.customer_id, identifiers.customer_id) in (select customer_id from refused_since);
