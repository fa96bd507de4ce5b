-- Erasure: who is meant, what of theirs stands in the ledger, and what keeps them out from now on. `build` is the newest
-- published build, where there is one. Temporary tables hold hashes; what was typed is a parameter and nothing else.

-- name: create_asked
create or replace temp table asked_customers (customer_id varchar);
create or replace temp table asked_keys (member_key uuid, is_own boolean);  -- false: may be of somebody who shares an address
create or replace temp table asked_hashes (column_name varchar, value varchar);
create or replace temp table asked_contacts (kind varchar, canonical varchar);
create or replace temp table matched (list_id varchar, member_key uuid);

-- name: create_recipes
-- where in an account's upload rows identifiers stand; one that is not set any more: anywhere, of any recipe
create or replace temp table recipes (platform varchar, account varchar, place bigint, column_name varchar);

-- name: add_place
insert into recipes values (?, ?, ?, ?);

-- name: accounts
select distinct platform, account from sync.lists;

-- name: add_customers
insert into asked_customers select unnest($customers::varchar[]);

-- name: add_contact
insert into asked_contacts values ($kind, $hash);

-- name: add_hash
insert into asked_hashes values (?, ?);

-- name: keys_of_customers
insert into asked_keys
with own as (
    select member_key(customer_id) as member_key from asked_customers
)
select member_key, true from own
union
select former_key, true from former where member_key in (select member_key from own);

-- name: key_of_text
-- the id of somebody whom the shop's data does not have any more, if the ledger has heard of them
insert into asked_keys
select named.member_key, true
from (select member_key($text) as member_key) as named
where named.member_key in (
    select member_key from sync.memberships
    union all
    select member_key from sync.audience_history
    union all
    select member_key from sync.experiment_entries
    union all
    select canonical_hash from sync.tombstones where kind = 'customer'
);

-- name: hashes_of_customers
insert into asked_hashes
select distinct column_name, value
from (
    unpivot (
        select columns('^(email|phone)_')
        from build.marts.dim_identifiers
        where customer_id in (select customer_id from asked_customers)
    ) on columns(*) into name column_name value value
);

-- name: contacts_of_customers
insert into asked_contacts
select 'email', email_canonical
from build.marts.dim_identifiers
where email_canonical is not null and customer_id in (select customer_id from asked_customers)
union
select 'phone', phone_plus
from build.marts.dim_identifiers
where phone_plus is not null and customer_id in (select customer_id from asked_customers);

-- name: rows_by_key
create or replace temp table candidates as
select list_id, member_key from sync.memberships where member_key in (select member_key from asked_keys);

-- name: rows_by_value
create or replace temp table candidates as
select list_id, member_key
from sync.memberships
where regexp_matches(array_to_string(identifiers, ','), $pattern);

-- name: rows_marked
create or replace temp table candidates as
select list_id, member_key from sync.memberships where erasure_id = $erasure_id and leaving_at is null;

-- name: rows_sharing
-- others on these lists who share a value with somebody removed
create or replace temp table candidates as
select list_id, member_key
from sync.memberships
where erasure_id is null and leaving_at is null and list_id in (select list_id from cells)
    and regexp_matches(array_to_string(identifiers, ','), $pattern);

-- name: cells
-- the identifiers of the candidates, each with the column that it was read from
create or replace temp table cells as
select distinct
    sent.list_id, sent.member_key, recipes.column_name, string_split(sent.upload_row, ',')[recipes.place] as value
from (
    select memberships.list_id, memberships.member_key, lists.platform, lists.account, unnest(memberships.identifiers) as upload_row
    from sync.memberships as memberships
    inner join candidates
        on candidates.list_id = memberships.list_id and candidates.member_key = memberships.member_key
    inner join sync.lists as lists on lists.list_id = memberships.list_id
) as sent
inner join recipes on recipes.platform = sent.platform and recipes.account = sent.account
where coalesce(string_split(sent.upload_row, ',')[recipes.place], '') <> '';

-- name: hashes_of_cells
-- what was sent for them, addresses that they do not have any more too; not where nobody knows which cell is what: many have a
-- first name and a country in common
insert into asked_hashes
select column_name, value from cells where column_name is not null
except
select column_name, value from asked_hashes;

-- name: contacts_of_cells
-- what the person does not have any more: where a recipe leaves an address as it is, the hash sent is the canonical one
insert into asked_contacts
select kind, value
from (
    select 'email' as kind, value from cells where column_name in ('email_plain', 'email_gmail')
    union
    select 'phone', value from cells where column_name = 'phone_plus'
)
where value not in (select value from asked_hashes)
except
select kind, canonical from asked_contacts;

-- name: match
insert into matched
select distinct cells.list_id, cells.member_key
from cells
inner join asked_hashes as asked
    on asked.value = cells.value
    and (asked.column_name = cells.column_name or asked.column_name is null or cells.column_name is null);

-- name: strangers
select 1 from matched where member_key not in (select member_key from asked_keys) limit 1;

-- name: keys_of_strangers
-- the person's addresses under a key that no customer of the build has: an id of theirs from before
insert into asked_keys
select distinct member_key, false
from matched
where member_key not in (select member_key from asked_keys)
    and member_key not in (select member_key(customer_id) from build.marts.dim_customers);

-- name: keys_without_build
insert into asked_keys
select distinct member_key, false from matched where member_key not in (select member_key from asked_keys);

-- name: share_contacts
-- what other customers have as well is sent for nobody, but does not make them erased
update asked_contacts set kind = 'shared_' || kind
where canonical in (
    select unnest([email_canonical, phone_plus])
    from build.marts.dim_identifiers
    where customer_id not in (select customer_id from asked_customers)
);

-- name: values
select distinct value from asked_hashes;

-- name: cell_values
select distinct value from cells;

-- name: asked_before
select min(erasures.asked_at)
from sync.tombstones
inner join sync.erasures on erasures.erasure_id = tombstones.erasure_id
where (tombstones.kind = 'customer' and tombstones.canonical_hash in (select member_key from asked_keys where is_own))
    or (tombstones.kind in ('email', 'phone') and (tombstones.kind, tombstones.canonical_hash) in (
        select (kind, tombstone(canonical)) from asked_contacts
    ));

-- name: still_open
-- the same person's request of before, of which something is still open
select min(erasure_id)
from sync.memberships as sent
where sent.erasure_id is not null and sent.leaving_at is null and (
    sent.member_key in (select member_key from asked_keys)
    or (sent.list_id, sent.member_key) in (select (list_id, member_key) from matched)
);

-- name: under_way
-- a request of before for the same person that is carried out but not confirmed yet: their rows are here still
select asked_at, erasure_id
from sync.erasures
where erasure_id <> $erasure_id and erasure_id in (
    select sent.erasure_id
    from sync.memberships as sent
    where sent.member_key in (select member_key from asked_keys)
        or (sent.list_id, sent.member_key) in (select (list_id, member_key) from matched)
)
order by asked_at, erasure_id
limit 1;

-- name: mark
update sync.memberships as sent set erasure_id = $erasure_id
where sent.erasure_id is null and (
    sent.member_key in (select member_key from asked_keys)
    or (sent.list_id, sent.member_key) in (select (list_id, member_key) from matched)
);

-- name: shake
update sync.memberships as sent set level = 'sent'
from candidates
where candidates.list_id = sent.list_id and candidates.member_key = sent.member_key and sent.level <> 'sent';

-- name: entomb
insert into sync.tombstones
select asked.kind, asked.canonical_hash, $erasure_id
from (
    select kind, tombstone(canonical) as canonical_hash from asked_contacts
    union
    select 'customer', member_key from asked_keys where is_own
) as asked
where (asked.kind, asked.canonical_hash) not in (select (kind, canonical_hash) from sync.tombstones);

-- name: clear_changes
-- plans of before hold hashes too; one that is not carried out yet is out of date now
delete from sync.plan_changes
where phase > 0 and (
    member_key in (select member_key from asked_keys)
    or regexp_matches(array_to_string(identifiers, ','), $pattern)
);

-- name: clear_quarantine
delete from sync.quarantine where member_key in (select member_key from asked_keys);

-- name: open_erasure
insert into sync.erasures (erasure_id, asked_at, state, asked_by, customer_count)
values ($erasure_id, $now, 'open', $asked_by, (select count(*) from asked_customers));

-- name: open_lists
-- who is leaving a list already is removed as far as can be: the platform has yet to confirm it
insert into sync.erasure_lists (erasure_id, list_id, platform, external_id, state, level, member_count, removed_at)
select
    $erasure_id, sent.list_id, any_value(lists.platform), any_value(lists.external_id),
    if(bool_or(sent.leaving_at is null), 'open', 'removed'),
    if(bool_or(sent.leaving_at is null), null, 'accepted'),
    count(*),
    if(bool_or(sent.leaving_at is null), null, max(sent.leaving_at))
from sync.memberships as sent
inner join sync.lists as lists on lists.list_id = sent.list_id
where sent.erasure_id = $erasure_id
    and sent.list_id not in (select list_id from sync.erasure_lists where erasure_id = $erasure_id)
group by sent.list_id;

-- name: open_requests
-- what took off who is leaving already
insert into sync.erasure_requests
select distinct sent.erasure_id, sent.list_id, batch.batch_id, batch.request_id, batch.closed_at, 'accepted'
from sync.memberships as sent
inner join sync.batches as batch on batch.batch_id = sent.batch_id
where sent.erasure_id = $erasure_id and sent.leaving_at is not null and batch.phase = 1
    and batch.batch_id not in (
        select batch_id from sync.erasure_requests where erasure_id = $erasure_id and batch_id is not null
    );

-- name: open_again
-- a removal that the platform took and then did not carry out, and rows that came with a merge
update sync.erasure_lists as receipt set state = 'open', level = null, removed_at = null
from sync.memberships as sent
where sent.erasure_id = receipt.erasure_id and sent.list_id = receipt.list_id and sent.leaving_at is null
    and receipt.state <> 'open';

-- name: open_erasures_again
update sync.erasures set state = 'open', finished_at = null
where state <> 'open' and erasure_id in (select erasure_id from sync.erasure_lists where state = 'open');

-- name: open_ones
select erasure_id from sync.erasures where state = 'open' order by asked_at, erasure_id;

-- name: forget_changes
-- changes of erasures hold the hashes of those who were erased: once their outcome is in the memberships they go
delete from sync.plan_changes where plan_id in (select plan_id from sync.plans where purpose = 'forget');

-- name: lists_to_do
select lists.list_id, lists.audience, lists.platform, lists.account, lists.split, lists.label, lists.version
from sync.lists
where lists.external_id is not null and lists.list_id in (
    select list_id from sync.memberships where erasure_id is not null and leaving_at is null
)
order by lists.list_id;

-- name: removals
create or replace temp table removals as
select member_key, 'remove' as operation, 'erased' as cause
from sync.memberships
where list_id = $list_id and erasure_id is not null and leaving_at is null;

-- name: newest_build
select coalesce(arg_max(build_id, sequence_number), '') from sync.builds where state = 'finished';

-- name: drop_unmade
-- a list that the platform does not have, or no more: nobody is on it
delete from sync.memberships
where erasure_id is not null and list_id in (select list_id from sync.lists where external_id is null);

-- name: settle_lists
-- a list is done when no marked row stands in the ledger as on it: the platform took the removal, or has no such list
with still_there as (
    select distinct erasure_id, list_id from sync.memberships where erasure_id is not null and leaving_at is null
),
taken as (
    select erasure_id, list_id, max(accepted_at) as removed_at from sync.erasure_requests group by erasure_id, list_id
),
gone as (
    select list_id, max(closed_at) as gone_at from sync.batches where phase = 1 and error = 'Gone' group by list_id
)
update sync.erasure_lists as receipt
set state = if(done.is_taken, 'removed', 'gone'),
    level = if(done.is_taken, 'accepted', null),
    removed_at = done.removed_at
from (
    select
        open_one.erasure_id, open_one.list_id,
        taken.removed_at is not null and coalesce(gone.gone_at < taken.removed_at, true) as is_taken,
        coalesce(greatest(taken.removed_at, if(gone.gone_at >= erasures.asked_at, gone.gone_at, null)), $now) as removed_at
    from sync.erasure_lists as open_one
    inner join sync.erasures as erasures on erasures.erasure_id = open_one.erasure_id
    left join taken on taken.erasure_id = open_one.erasure_id and taken.list_id = open_one.list_id
    left join gone on gone.list_id = open_one.list_id
    where open_one.state = 'open' and (open_one.erasure_id, open_one.list_id) not in (
        select (erasure_id, list_id) from still_there
    )
) as done
where done.erasure_id = receipt.erasure_id and done.list_id = receipt.list_id;

-- name: settle_erasures
update sync.erasures
set state = if(erasure_id in (select erasure_id from sync.erasure_lists where state = 'written_off'), 'written_off', 'done'),
    finished_at = $now
where state = 'open' and erasure_id not in (select erasure_id from sync.erasure_lists where state = 'open');

-- name: open_lists_of_erasures
select list_id, erasure_id from sync.erasure_lists where state = 'open' order by list_id, erasure_id;

-- name: clear_written_off
-- plans for this list hold the hashes of its rows too
delete from sync.plan_changes
where list_id = $list_id and member_key in (
    select member_key from sync.memberships where list_id = $list_id and list_contains($erasures, erasure_id)
);

-- name: unkeep_written_off
delete from sync.quarantine
where list_id = $list_id and member_key in (
    select member_key from sync.memberships where list_id = $list_id and list_contains($erasures, erasure_id)
);

-- name: drop_written_off
delete from sync.memberships where list_id = $list_id and list_contains($erasures, erasure_id);

-- name: write_off
update sync.erasure_lists
set state = 'written_off', written_off_at = $now, written_off_by = $said_by, reason = $why
where list_id = $list_id and state = 'open' and list_contains($erasures, erasure_id);

-- name: erasure
select erasure_id, asked_at, asked_by, state, finished_at, coalesce(customer_count, 0)
from sync.erasures where erasure_id = $erasure_id;

-- name: barred
select count(*) filter (where kind <> 'customer') from sync.tombstones where erasure_id = $erasure_id;

-- name: receipt_lists
select
    list_id, platform, external_id, state, level, member_count, removed_at, coalesce(reason, ''), false, written_off_at,
    written_off_by
from sync.erasure_lists where erasure_id = $erasure_id order by list_id;

-- name: receipt_requests
select list_id, accepted_at, request_id, level
from sync.erasure_requests where erasure_id = $erasure_id
order by list_id, accepted_at, request_id;
