-- What must change on one list: its wanted members in `placed` against what the ledger says was sent.

-- name: changes
create or replace temp table changes as
with wanted as (
    select member_key, customer_id, fingerprint, row_count
    from placed
    where is_wanted and split_value is not distinct from $split
),
sent as (
    select member_key, fingerprint, level, recipe, expires_at
    from sync.memberships
    where list_id = $list_id and leaving_at is null
),
compared as (
    select
        coalesce(wanted.member_key, sent.member_key) as member_key,
        wanted.customer_id,
        wanted.fingerprint,
        wanted.row_count,
        case
            when sent.member_key is null then 'new'
            when wanted.member_key is null then 'left'
            when $is_rebuilt then 'rebuild'
            when sent.expires_at <= $now then 'renewal'
            when wanted.fingerprint <> sent.fingerprint then if(sent.recipe <> $recipe, 'recipe', 'changed')
            when sent.level = 'sent' then 'uncertain'
            when sent.expires_at <= $now + to_seconds(
                ($renew_within + $renew_spread * ('0x' || left(wanted.member_key::varchar, 8))::bigint / 4294967296.0)::bigint
            ) then 'renewal'
        end as cause
    from wanted
    full join sent on wanted.member_key = sent.member_key
    where $is_rebuilt
        or sent.member_key is null
        or wanted.member_key is null
        or wanted.fingerprint <> sent.fingerprint
        or sent.level = 'sent'
        or sent.expires_at <= $now + to_seconds(($renew_within + $renew_spread)::bigint)
)
select
    member_key,
    customer_id,
    fingerprint,
    row_count,
    case cause when 'new' then 'add' when 'left' then 'remove' when 'renewal' then 'renew' else 'update' end as operation,
    cause
from compared
where cause is not null;

-- name: quarantined
-- whom the platform refused with these very identifiers is not tried again
delete from changes
using sync.quarantine as refused
where refused.list_id = $list_id and changes.cause in ('new', 'changed')
    and refused.member_key = changes.member_key and refused.fingerprint = changes.fingerprint;

-- name: only_ended
-- a paused list stays as it is, but for people who said no or were erased, and for whoever was sent with an identifier of theirs
delete from changes
where member_key not in (select member_key from refused_keys where cause in ('denied', 'erased'))
    and member_key not in (
        select sent.member_key
        from sync.memberships as sent,
            unnest(flatten(list_transform(sent.identifiers, lambda r: list_select(string_split(r, ','), $identifying)))) as cells(cell)
        where sent.list_id = $list_id and cell in (
            select value from identifying_values
            where customer_id in (
                select customer_id from erased union all select customer_id from refused where why_not = 'consent_denied'
            )
        )
    );

-- name: recipe_done
select count(*) from sync.memberships where list_id = $list_id and cause = 'recipe' and sent_at >= $since;

-- name: recipe_budget
-- a new recipe is spread over days: who is beyond today's budget keeps the old hashes until then, but not one of somebody
-- stricter
delete from changes
where cause = 'recipe' and customer_id not in (select customer_id from trimmed) and member_key not in (
    select member_key from changes where cause = 'recipe' order by member_key limit $budget
);

-- name: refused_keys
-- why somebody may not be on a list any more, under each key that they ever had
create or replace temp table refused_keys as
with refused_people as (
    select customer_id, 'erased' as cause from erased
    union all
    select customer_id, if(why_not = 'consent_denied', 'denied', 'consent_unknown')
    from refused
    where why_not in ('consent_denied', 'consent_unknown') and customer_id not in (select customer_id from erased)
),
keyed as (
    select member_key(customer_id) as member_key, cause from refused_people
)
select member_key, cause from keyed
union
select former.former_key, keyed.cause from keyed inner join former on former.member_key = keyed.member_key;

-- name: mark_refused
-- who said no or was erased goes whatever a guard holds
update changes set cause = refused_keys.cause
from refused_keys
where changes.operation = 'remove' and refused_keys.member_key = changes.member_key;

-- name: removals
-- phase 1, with the hashes that were sent; an update whose new rows cover the old ones needs no removal
create or replace temp table removals as
with covering as (
    select
        changes.member_key,
        list_filter(flatten(list_transform(
            coalesce(trimmed.identifiers, fresh.identifiers), lambda r: list_select(string_split(r, ','), $identifying)
        )), lambda c: c <> '') as cells
    from changes
    left join trimmed on trimmed.customer_id = changes.customer_id
    left join (
        select customer_id, list(upload_row) as identifiers
        from upload_rows
        where customer_id in (select customer_id from changes where cause = 'changed')
        group by customer_id
    ) as fresh on fresh.customer_id = changes.customer_id
    where changes.cause = 'changed'
)
select changes.member_key, changes.operation, changes.cause
from changes
inner join sync.memberships as sent on sent.list_id = $list_id and sent.member_key = changes.member_key
left join covering on covering.member_key = changes.member_key
where changes.operation = 'remove'
    or changes.cause in ('recipe', 'rebuild')
    or changes.cause = 'changed' and not list_has_all(
        covering.cells,
        list_filter(flatten(list_transform(sent.identifiers, lambda r: list_select(string_split(r, ','), $identifying))), lambda c: c <> '')
    );

-- name: none_removed
create or replace temp table removals (member_key uuid, operation varchar, cause varchar);
create or replace temp table absorbed (member_key uuid);
create or replace temp table sharing (customer_id varchar);

-- name: removal_values
create or replace temp table removal_values as
select distinct removals.member_key, cell as value
from removals
inner join sync.memberships as sent on sent.list_id = $list_id and sent.member_key = removals.member_key,
    unnest(flatten(list_transform(sent.identifiers, lambda r: list_select(string_split(r, ','), $identifying)))) as cells(cell)
where cell <> '';

-- name: holders
-- whose the values about to be removed are now
create or replace temp table holders as
select customer_id, value from identifying_values where value in (select value from removal_values);

-- name: mark_refused_values
-- an identifier that was sent for a member and is now one of somebody who said no, or was erased
update removals set cause = 'denied'
where cause not in ('denied', 'erased') and member_key in (
    select removal_values.member_key
    from removal_values
    inner join holders on holders.value = removal_values.value
    where holders.customer_id in (
        select customer_id from erased union all select customer_id from refused where why_not = 'consent_denied'
    )
);

-- name: absorbed
-- people merge and come apart, and keys change with them: somebody whose every identifier is now one of wanted members
-- of this list is not removed, only the ledger's row goes once these are accepted
create or replace temp table absorbed as
select removals.member_key
from removals
inner join removal_values on removal_values.member_key = removals.member_key
left join (
    select distinct holders.value
    from holders
    inner join placed on placed.customer_id = holders.customer_id
    where placed.is_wanted and placed.split_value is not distinct from $split
        and holders.value not in (select value from withheld)
) as kept on kept.value = removal_values.value
where removals.operation = 'remove' and removals.cause = 'left'
group by removals.member_key
having bool_and(kept.value is not null);

-- name: absorb
delete from removals where member_key in (select member_key from absorbed);

-- name: removed_values
create or replace temp table removed_values as
select distinct value from removal_values where member_key in (select member_key from removals);

-- name: sharing
-- who stays on the list, but has an identifying value that is about to be removed
create or replace temp table sharing as
select distinct placed.customer_id
from placed
inner join identifying_values on identifying_values.customer_id = placed.customer_id
where identifying_values.value in (select value from removed_values)
    and placed.is_wanted and placed.split_value is not distinct from $split;

-- name: spread_removal
-- and removing one value of somebody removes the person, so all of theirs are about to be removed
insert into removed_values
select distinct value
from identifying_values
where customer_id in (select customer_id from sharing) and value not in (select value from removed_values)
returning 1;

-- name: additions
-- phase 2: who is new, has changed or is renewed, and who stays but shares an identifier with somebody removed
create or replace temp table additions as
select member_key, operation, cause, customer_id, fingerprint, row_count
from changes
where operation <> 'remove'
union all
select placed.member_key, 'update', 'shared', placed.customer_id, placed.fingerprint, placed.row_count
from placed
where placed.is_wanted
    and placed.split_value is not distinct from $split
    and placed.customer_id in (select customer_id from sharing)
    and placed.member_key not in (select member_key from changes where operation <> 'remove')
    and placed.member_key in (select member_key from sync.memberships where list_id = $list_id and leaving_at is null);

-- name: inherit_cause
-- an update that takes off an identifier of somebody who said no goes as a whole
update additions set cause = removals.cause
from removals
where removals.member_key = additions.member_key and removals.cause in ('denied', 'erased');

-- name: record_removals
-- members are cut into requests of at most $rows rows ($slack rows are left for the last member), in the order as they come
insert into sync.plan_changes
    (plan_id, list_id, phase, batch_number, operation, cause, member_key, identifiers, fingerprint, is_held)
select
    $plan_id, $list_id, 1,
    (sum(len(sent.identifiers)) over (rows between unbounded preceding and current row) - len(sent.identifiers))
        // ($rows - $slack),
    removals.operation, removals.cause, removals.member_key, sent.identifiers, sent.fingerprint, false
from sync.memberships as sent
inner join removals on removals.member_key = sent.member_key
where sent.list_id = $list_id;

-- name: record_additions
-- most members have one upload row: only those of the others are gathered
insert into sync.plan_changes
    (plan_id, list_id, phase, batch_number, operation, cause, member_key, identifiers, fingerprint, is_held)
with rows_of as (
    select additions.*, [upload_rows.upload_row] as identifiers
    from upload_rows
    inner join additions on additions.customer_id = upload_rows.customer_id
    where additions.row_count = 1 and additions.customer_id not in (select customer_id from trimmed)
    union all
    select additions.*, gathered.identifiers
    from additions
    inner join (
        select customer_id, list(upload_row order by position) as identifiers
        from upload_rows
        where customer_id in (select customer_id from additions where row_count > 1)
            and customer_id not in (select customer_id from trimmed)
        group by customer_id
    ) as gathered on gathered.customer_id = additions.customer_id
    union all
    select additions.*, trimmed.identifiers
    from additions
    inner join trimmed on trimmed.customer_id = additions.customer_id
)
select
    $plan_id, $list_id, 2,
    (sum(row_count) over (rows between unbounded preceding and current row) - row_count) // ($rows - $slack),
    operation, cause, member_key, identifiers, fingerprint, false
from rows_of;

-- name: record_absorbed
insert into sync.plan_changes
    (plan_id, list_id, phase, batch_number, operation, cause, member_key, identifiers, fingerprint, is_held)
select $plan_id, $list_id, 3, 0, 'absorb', 'moved', member_key, [], null, false from absorbed;

-- name: summary
select
    count(*) filter (where phase = 2 and operation = 'add') as adds,
    count(distinct member_key) filter (where operation = 'update') as updates,
    count(distinct member_key) filter (where cause = 'changed') as changed,
    count(*) filter (where phase = 1 and operation = 'remove') as removes,
    count(*) filter (where phase = 1 and operation = 'remove' and cause in ('denied', 'erased')) as exempt,
    count(*) filter (where operation = 'renew') as renews,
    count(*) filter (where phase = 1 and cause = 'consent_unknown') as consent_lost,
    count(*) filter (where phase = 3) as absorbed,
    count(distinct member_key) filter (where cause = 'recipe') as recipes,
    coalesce(sum(('0x' || substr(md5(phase || operation || member_key || coalesce(fingerprint::varchar, '')), 1, 15))::bigint), 0)::varchar as digest
from sync.plan_changes
where plan_id = $plan_id and list_id = $list_id and phase > 0;

-- name: hold
-- refused consent goes whatever is held, and so does what only puts back who should be on the list already
update sync.plan_changes set is_held = true
where plan_id = $plan_id and list_id = $list_id and phase in (1, 2)
    and cause not in ('denied', 'erased', 'shared', 'uncertain') and list_contains($held, operation);

-- name: hold_consent
update sync.plan_changes set is_held = true
where plan_id = $plan_id and list_id = $list_id and phase = 1 and cause = 'consent_unknown';

-- name: stay_as_sent
-- somebody whose update is held, but who shares an identifier with somebody removed, is put back as they were
insert into sync.plan_changes
    (plan_id, list_id, phase, batch_number, operation, cause, member_key, identifiers, fingerprint, is_held)
with gone as (
    select distinct cell as value
    from sync.plan_changes as change,
        unnest(flatten(list_transform(change.identifiers, lambda r: list_select(string_split(r, ','), $identifying)))) as cells(cell)
    where change.plan_id = $plan_id and change.list_id = $list_id and change.phase = 1 and not change.is_held and cell <> ''
)
select
    $plan_id, $list_id, 2,
    (select coalesce(max(batch_number), -1) + 1 from sync.plan_changes where plan_id = $plan_id and list_id = $list_id and phase = 2),
    'update', 'shared', sent.member_key, sent.identifiers, sent.fingerprint, false
from sync.memberships as sent
inner join sync.plan_changes as held
    on held.plan_id = $plan_id and held.list_id = sent.list_id and held.member_key = sent.member_key
where sent.list_id = $list_id and held.phase = 2 and held.is_held
    and list_has_any(
        flatten(list_transform(sent.identifiers, lambda r: list_select(string_split(r, ','), $identifying))),
        (select list(value) from gone)
    );

-- name: hold_siblings
-- who is still on one of the lists, because the removal is held, is not added to another of them, under no id of theirs
update sync.plan_changes as change set is_held = true
from (
    select coalesce(former.member_key, held.member_key) as member_key, held.list_id
    from sync.plan_changes as held
    left join former on former.former_key = held.member_key
    where held.plan_id = $plan_id and held.phase = 1 and held.operation = 'remove' and held.is_held
        and list_contains($lists, held.list_id)
) as kept
where change.plan_id = $plan_id and change.phase = 2 and change.operation = 'add'
    and change.member_key = kept.member_key and change.list_id <> kept.list_id and list_contains($lists, change.list_id);

-- name: requests
-- requests and rows that go, and people whose addition is held
select
    count(distinct (phase, batch_number)) filter (where not is_held),
    coalesce(sum(len(identifiers)) filter (where not is_held), 0),
    count(*) filter (where is_held and operation = 'add')
from sync.plan_changes
where plan_id = $plan_id and list_id = $list_id and phase in (1, 2);

-- name: wanted
select count(*) from placed where is_wanted and split_value is not distinct from $split;

-- name: list
select external_id, version, generation, state from sync.lists where list_id = $list_id;

-- name: size
select count(*) from sync.memberships where list_id = $list_id and leaving_at is null;

-- name: largest
-- the largest size that an applied plan of the last days made: what a guard held was not done
select coalesce(max(
    (entry ->> '$.members')::bigint
    - if(list_contains(held, 'add'), (entry ->> '$.adds')::bigint, 0)
    + if(list_contains(held, 'remove'), (entry ->> '$.removes')::bigint, 0)
), 0), max(coverage)
from sync.plans
where list_id = $list_id and state = 'applied' and applied_at > $since;

-- name: coverage
-- of those whom the gate lets through, the share who have an identifier
select
    count(*) filter (where out_reason is distinct from 'no identifier') / nullif(count(*), 0)
from placed
where out_reason is null or out_reason in ('no identifier', 'holdout', 'no arm', 'no list of its own', 'identifier withheld');

-- name: permits
select permit_id, guard, at_most from sync.permits
where list_id = $list_id and until > $now and used_by_plan is null
order by granted_at;

-- name: known_splits
select split from sync.lists
where audience = $audience and platform = $platform and account = $account and state = 'active';

-- name: kept
select split_value from kept_values;

-- name: forget_values
delete from sync.split_values where family = $family;

-- name: remember_values
insert into sync.split_values select $family, split_value, small_builds, $build_id from kept_values;

-- name: note_present
insert into present
select $audience, member_key, arm
from placed
where arm is not null and out_reason is distinct from 'identifier withheld'
    and member_key not in (select member_key from present where audience = $audience);

-- name: entries
-- phase 0: who enters the audience or its experiment (both arms) and who leaves it, under any key that they had
insert into sync.plan_changes
    (plan_id, list_id, phase, batch_number, operation, cause, member_key, identifiers, arm, is_held)
with inside as (
    select history.member_key as logged_key, coalesce(former.member_key, history.member_key) as member_key
    from sync.audience_history as history
    left join former on former.former_key = history.member_key
    where history.audience = $audience and history.left_at is null
),
logged as (
    select coalesce(former.member_key, entries.member_key) as member_key
    from sync.experiment_entries as entries
    left join former on former.former_key = entries.member_key
    where entries.experiment = $experiment
)
select $plan_id, $audience, 0, 0, 'enter', 'new', member_key, [], arm, false
from present
where audience = $audience and (
    member_key not in (select member_key from inside)
    or $experiment is not null and member_key not in (select member_key from logged)
)
union all
select $plan_id, $audience, 0, 0, 'leave', 'left', logged_key, [], null, false
from inside where member_key not in (select member_key from present where audience = $audience);

-- name: has_lists
select 1 from sync.lists where audience = $audience limit 1;

-- name: take_over
-- the lists of an audience that got another name, with all that is known of them
update sync.audience_history set audience = $audience where audience = $former;
update sync.split_values set family = $audience || substr(family, len($former) + 1) where starts_with(family, $former || '@');
update sync.memberships set list_id = $audience || substr(list_id, len($former) + 1) where starts_with(list_id, $former || '@');
update sync.quarantine set list_id = $audience || substr(list_id, len($former) + 1) where starts_with(list_id, $former || '@');
update sync.batches set list_id = $audience || substr(list_id, len($former) + 1) where starts_with(list_id, $former || '@');
update sync.plan_changes set list_id = $audience || substr(list_id, len($former) + 1) where starts_with(list_id, $former || '@');
update sync.plans set list_id = $audience || substr(list_id, len($former) + 1) where starts_with(list_id, $former || '@');
update sync.permits set list_id = $audience || substr(list_id, len($former) + 1) where starts_with(list_id, $former || '@');
update sync.erasure_lists set list_id = $audience || substr(list_id, len($former) + 1) where starts_with(list_id, $former || '@');
update sync.list_status set list_id = $audience || substr(list_id, len($former) + 1) where starts_with(list_id, $former || '@');
update sync.lists set list_id = $audience || substr(list_id, len($former) + 1), audience = $audience where audience = $former;

-- name: lists
-- every list that there is at a platform
select list_id, audience, platform, account, split, label
from sync.lists
where state = 'active' and external_id is not null
order by list_id;

-- name: create_present
create or replace temp table present (audience varchar, member_key uuid, arm varchar);

-- name: store
insert into sync.plans
    (plan_id, list_id, build_id, as_of, created_at, list_version, definition_hash, changes_digest, hash, held, permits, entry,
     state, purpose, name, recipe, keep_days, confirms_removals, coverage)
values
    ($plan_id, $list_id, $build_id, $as_of, $now, $list_version, $definition_hash, $changes_digest, $hash, $held, $permits, $entry,
     'planned', $purpose, $name, $recipe, $keep_days, $confirms_removals, $coverage);

-- name: prune_changes
-- changes hold hashes: those of all but the newest plans go; removals stay while the platform may still say that they failed
delete from sync.plan_changes where plan_id not in (
    select plan_id
    from (select plan_id, max(created_at) as made_at from sync.plans group by plan_id)
    order by made_at desc, plan_id desc
    limit 5
) and (phase <> 1 or plan_id not in (
    select plan_id from sync.batches
    where phase = 1 and state = 'accepted' and handle is not null and processing is null
        and closed_at > (select max(created_at) from sync.plans) - interval 8 day
));

-- name: prune_plans
delete from sync.plans where created_at < $oldest;
