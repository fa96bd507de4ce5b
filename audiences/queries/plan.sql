-- What must change on one list: its wanted members in `placed` against what the ledger says was sent.

-- name: changes
create or replace temp table changes as
with wanted as (
    select member_key, customer_id, fingerprint
    from placed
    where out_reason is null and split_value is not distinct from $split
),
sent as (
    select member_key, fingerprint, level from sync.memberships where list_id = $list_id
)
select
    coalesce(wanted.member_key, sent.member_key) as member_key,
    wanted.customer_id,
    case
        when sent.member_key is null then 'add'
        when wanted.member_key is null then 'remove'
        else 'update'
    end as operation,
    case
        when sent.member_key is null then 'new'
        when wanted.member_key is null then 'left'
        when wanted.fingerprint <> sent.fingerprint then 'changed'
        else 'uncertain'
    end as cause
from wanted
full join sent on wanted.member_key = sent.member_key
where sent.member_key is null
    or wanted.member_key is null
    or wanted.fingerprint <> sent.fingerprint
    or sent.level = 'sent';

-- name: mark_denied
-- who said no is removed whatever a guard holds
update changes
set cause = 'denied'
where operation = 'remove' and member_key in (
    select member_key(customer_id) from refused where why_not = 'consent_denied'
);

-- name: removals
-- phase 1, with the hashes that were sent; an update whose new rows cover the old ones needs no removal
create or replace temp table removals as
select changes.member_key, changes.operation, changes.cause, sent.identifiers, sent.fingerprint
from changes
inner join sync.memberships as sent on sent.list_id = $list_id and sent.member_key = changes.member_key
left join people on people.customer_id = changes.customer_id
where changes.operation = 'remove'
    or (changes.cause = 'changed' and not list_has_all(
        list_filter(flatten(list_transform(people.identifiers, lambda r: list_select(string_split(r, ','), $identifying))), lambda c: c <> ''),
        list_filter(flatten(list_transform(sent.identifiers, lambda r: list_select(string_split(r, ','), $identifying))), lambda c: c <> '')
    ));

-- name: removed_values
create or replace temp table removed_values as
select distinct value
from (
    select unnest(list_select(string_split(upload_row, ','), $identifying)) as value
    from (select unnest(identifiers) as upload_row from removals)
)
where value <> '';

-- name: sharing
-- who stays on the list, but has an identifying value that is about to be removed
create or replace temp table sharing as
select distinct customer_id from holders
where customer_id in (select customer_id from placed where out_reason is null and split_value is not distinct from $split);

-- name: shared_values
-- and removing one value of somebody removes the person, so all of theirs are about to be removed
insert into removed_values
select distinct value
from (
    select unnest(list_select(string_split(upload_row, ','), $identifying)) as value
    from (select unnest(identifiers) as upload_row from people where customer_id in (select customer_id from sharing))
)
where value <> '' and value not in (select value from removed_values)
returning 1;

-- name: additions
-- phase 2: who is new or has changed, and who stays but shares an identifier with somebody removed (platforms match people)
create or replace temp table additions as
select changes.member_key, changes.operation, changes.cause, people.identifiers, people.fingerprint
from changes
inner join people on people.customer_id = changes.customer_id
where changes.operation <> 'remove'
union all
select placed.member_key, 'update', 'shared', people.identifiers, people.fingerprint
from placed
inner join people on people.customer_id = placed.customer_id
where placed.out_reason is null
    and placed.split_value is not distinct from $split
    and placed.customer_id in (select customer_id from sharing)
    and placed.member_key not in (select member_key from changes where operation <> 'remove');

-- name: record
-- members in the order of their keys, cut into requests of at most $rows rows ($slack rows are left for the last member)
insert into sync.plan_changes
with phases as (
    select 1 as phase, * from removals
    union all
    select 2 as phase, * from additions
),
numbered as (
    select
        *,
        coalesce(sum(len(identifiers)) over (
            partition by phase order by member_key rows between unbounded preceding and 1 preceding
        ), 0) as rows_before
    from phases
)
select
    $plan_id, $list_id, phase, rows_before // ($rows - $slack) as batch_number,
    operation, cause, member_key, identifiers, fingerprint, null, false
from numbered
order by phase, batch_number, member_key;

-- name: summary
select
    count(*) filter (where phase = 2 and operation = 'add') as adds,
    count(distinct member_key) filter (where operation = 'update') as updates,
    count(distinct member_key) filter (where cause = 'changed') as changed,
    count(*) filter (where phase = 1 and operation = 'remove') as removes,
    count(*) filter (where cause = 'denied') as denied,
    coalesce(sum(('0x' || substr(md5(phase || operation || member_key || fingerprint), 1, 15))::bigint), 0)::varchar as digest
from sync.plan_changes
where plan_id = $plan_id and list_id = $list_id and phase > 0;

-- name: hold
-- refused consent goes whatever is held, and so does what only puts back who should be on the list already
update sync.plan_changes set is_held = true
where plan_id = $plan_id and list_id = $list_id and phase > 0
    and cause not in ('denied', 'shared', 'uncertain') and list_contains($held, operation);

-- name: hold_siblings
-- who is still on one of the lists, because the removal is held, is not added to another of them
update sync.plan_changes as change set is_held = true
from sync.plan_changes as kept
where kept.plan_id = $plan_id and kept.phase = 1 and kept.operation = 'remove' and kept.is_held
    and change.plan_id = $plan_id and change.phase = 2 and change.operation = 'add'
    and change.member_key = kept.member_key and change.list_id <> kept.list_id
    and list_contains($lists, kept.list_id) and list_contains($lists, change.list_id);

-- name: requests
-- requests and rows that go, and people whose addition is held
select
    count(distinct (phase, batch_number)) filter (where not is_held),
    coalesce(sum(len(identifiers)) filter (where not is_held), 0),
    count(*) filter (where is_held and operation = 'add')
from sync.plan_changes
where plan_id = $plan_id and list_id = $list_id and phase > 0;

-- name: wanted
select count(*) from placed where out_reason is null and split_value is not distinct from $split;

-- name: list
select external_id, version, generation, state from sync.lists where list_id = $list_id;

-- name: size
select count(*) from sync.memberships where list_id = $list_id;

-- name: largest
-- the largest size that an applied plan of the last days made: what a guard held was not done
select coalesce(max(
    (entry ->> '$.members')::bigint
    - if(list_contains(held, 'add'), (entry ->> '$.adds')::bigint, 0)
    + if(list_contains(held, 'remove'), (entry ->> '$.removes')::bigint, 0)
), 0)
from sync.plans
where list_id = $list_id and state = 'applied' and applied_at > $since;

-- name: permits
select permit_id, guard, at_most from sync.permits
where list_id = $list_id and until > $now and used_by_plan is null
order by granted_at;

-- name: known_splits
select split from sync.lists
where audience = $audience and platform = $platform and account = $account and state = 'active';

-- name: note_present
insert into present
select $audience, member_key, arm
from placed
where arm is not null and member_key not in (select member_key from present where audience = $audience);

-- name: entries
-- phase 0: who enters the audience or its experiment (both arms) and who leaves it, by its history
insert into sync.plan_changes
with inside as (
    select member_key from sync.audience_history where audience = $audience and left_at is null
)
select $plan_id, $audience, 0, 0, 'enter', 'new', member_key, [], '', arm, false
from present
where audience = $audience and (
    member_key not in (select member_key from inside)
    or $experiment is not null
    and member_key not in (select member_key from sync.experiment_entries where experiment = $experiment)
)
union all
select $plan_id, $audience, 0, 0, 'leave', 'left', member_key, [], '', null, false
from inside where member_key not in (select member_key from present where audience = $audience);

-- name: prune_changes
-- changes hold hashes: those of all but the newest plans go
delete from sync.plan_changes where plan_id not in (
    select plan_id
    from (select plan_id, max(created_at) as made_at from sync.plans group by plan_id)
    order by made_at desc, plan_id desc
    limit 5
);

-- name: prune_plans
delete from sync.plans where created_at < $oldest;
