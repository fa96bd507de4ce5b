-- The changes of a list, written down as a plan carries them out: phase 1 removals, phase 2 additions, phase 3 rows that change hands.

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

-- name: numbered
-- most members have one upload row. The numbers of their requests are found on short rows, in the order in which the build
-- has them, so that the long ones are written as they are read and each request's lie together
create or replace temp table numbered as
select
    additions.customer_id, additions.member_key, additions.operation, additions.cause, additions.fingerprint,
    (count(*) over (rows between unbounded preceding and current row) - 1) // $rows as batch_number
from people
inner join additions on additions.customer_id = people.customer_id
where additions.row_count = 1 and not exists (from trimmed where trimmed.customer_id = additions.customer_id);

-- name: record_single
insert into sync.plan_changes
    (plan_id, list_id, phase, batch_number, operation, cause, member_key, identifiers, fingerprint, is_held)
select
    $plan_id, $list_id, 2, numbered.batch_number, numbered.operation, numbered.cause, numbered.member_key,
    [upload_rows.upload_row], numbered.fingerprint, false
from upload_rows
inner join numbered on numbered.customer_id = upload_rows.customer_id;

-- name: several
-- the others: who has several upload rows, and who keeps only some of theirs
create or replace temp table several as
select additions.*, trimmed.identifiers
from additions
left join trimmed on trimmed.customer_id = additions.customer_id
where additions.row_count > 1 or trimmed.customer_id is not null;

-- name: record_several
-- they go on in the last request of the others, of which $taken rows are taken
insert into sync.plan_changes
    (plan_id, list_id, phase, batch_number, operation, cause, member_key, identifiers, fingerprint, is_held)
select
    $plan_id, $list_id, 2,
    $last + ($taken + sum(several.row_count) over (rows between unbounded preceding and current row) - several.row_count)
        // ($rows - $slack),
    several.operation, several.cause, several.member_key, coalesce(several.identifiers, gathered.identifiers),
    several.fingerprint, false
from several
left join (
    select customer_id, list(upload_row order by position) as identifiers
    from upload_rows
    where customer_id in (select customer_id from several where identifiers is null)
    group by customer_id
) as gathered on gathered.customer_id = several.customer_id;

-- name: record_as_sent
-- who is in `put_back` goes again with the rows that they were sent with, in requests of their own
insert into sync.plan_changes
    (plan_id, list_id, phase, batch_number, operation, cause, member_key, identifiers, fingerprint, is_held)
select
    $plan_id, $list_id, 2,
    $first + (sum(len(sent.identifiers)) over (rows between unbounded preceding and current row) - len(sent.identifiers))
        // ($rows - $slack),
    $operation, $cause, sent.member_key, sent.identifiers, sent.fingerprint, false
from sync.memberships as sent
inner join put_back on put_back.member_key = sent.member_key
where sent.list_id = $list_id;

-- name: first_batch
select coalesce(max(batch_number) + 1, 0) from sync.plan_changes where plan_id = $plan_id and list_id = $list_id and phase = 2;

-- name: record_absorbed
-- with the key of who takes over where others have their fingerprint
insert into sync.plan_changes
    (plan_id, list_id, phase, batch_number, operation, cause, member_key, identifiers, fingerprint, is_held)
select $plan_id, $list_id, 3, 0, 'absorb', 'moved', member_key, [], taker_key, false from absorbed;

-- name: summary
select
    count(*) filter (where phase = 2 and operation = 'add') as adds,
    count(*) filter (where phase = 2 and operation = 'update') as updates,
    count(*) filter (where phase = 2 and cause = 'changed') as changed,
    count(*) filter (where phase = 1 and operation = 'remove') as removes,
    count(*) filter (where phase = 1 and operation = 'remove' and cause in ('denied', 'erased')) as exempt,
    count(*) filter (where phase = 2 and operation = 'renew') as renews,
    count(*) filter (where phase = 1 and cause = 'consent_unknown') as consent_lost,
    count(distinct member_key) filter (where phase = 3) as absorbed,
    count(*) filter (where phase = 2 and cause = 'recipe') as recipes
from sync.plan_changes
where plan_id = $plan_id and list_id = $list_id and phase > 0;

-- name: digest
-- what apply compares: the changes are those that were planned
select coalesce(sum(hash(phase, operation, member_key, fingerprint)), 0)::varchar
from sync.plan_changes
where plan_id = $plan_id and list_id = $list_id and phase > 0;

-- name: hold
-- refused consent goes whatever is held, and so does what only puts back who should be on the list already
update sync.plan_changes set is_held = true
where plan_id = $plan_id and list_id = $list_id and phase in (1, 2)
    and cause not in ('denied', 'erased', 'shared', 'uncertain') and list_contains($held, operation);

-- name: overdue
-- whose days in the audience are over, in its segment or not, under any key; or who left so before, and the platform did not
-- take the removal
create or replace temp table overdue as
select member_key
from (
    select
        coalesce(former.member_key, history.member_key) as member_key,
        min(history.entered_at) filter (where history.left_at is null) as entered_at,
        bool_or(history.left_at >= history.entered_at + to_days($max_days_in::integer)) as had_left
    from sync.audience_history as history
    left join former on former.former_key = history.member_key
    where history.audience = $audience
    group by 1
)
where entered_at <= $as_of::timestamp - to_days($max_days_in::integer) or entered_at is null and had_left
union
select member_key(customer_id) from placed where out_reason in ('max_days_in', 'rest_days');

-- name: nobody_overdue
create or replace temp table overdue (member_key uuid);

-- name: overdue_removes
select count(*)
from sync.plan_changes as change
left join former on former.former_key = change.member_key
inner join overdue on overdue.member_key = coalesce(former.member_key, change.member_key)
where change.plan_id = $plan_id and change.list_id = $list_id and change.phase = 1 and change.operation = 'remove'
    and change.cause = 'left';

-- name: free_overdue
update sync.plan_changes as change set is_held = false
where change.plan_id = $plan_id and change.list_id = $list_id and change.phase = 1 and change.operation = 'remove'
    and change.cause = 'left' and (
        change.member_key in (select member_key from overdue)
        or change.member_key in (
            select former_key from former where member_key in (select member_key from overdue)
        )
    );

-- name: hold_consent
update sync.plan_changes set is_held = true
where plan_id = $plan_id and list_id = $list_id and phase = 1 and cause = 'consent_unknown';

-- name: gone
-- identifiers by which people go from the platform in this plan
create or replace temp table gone as
select distinct cell as value
from sync.plan_changes as change, unnest(cells_of(change.identifiers, $identifying)) as cells(cell)
where change.plan_id = $plan_id and change.list_id = $list_id and not change.is_held
    and (change.phase = 1 or change.phase = 2 and change.cause = 'shared');

-- name: put_back_held
-- who is held, and so stays as they were sent, but shares one of them
create or replace temp table put_back as
with held as (
    select distinct member_key
    from sync.plan_changes
    where plan_id = $plan_id and list_id = $list_id and phase in (1, 2) and is_held and operation <> 'add'
    except
    select member_key
    from sync.plan_changes
    where plan_id = $plan_id and list_id = $list_id and phase in (1, 2) and not is_held
)
select distinct sent.member_key
from sync.memberships as sent
inner join held on held.member_key = sent.member_key,
    unnest(cells_of(sent.identifiers, $identifying)) as cells(cell)
where sent.list_id = $list_id and cell in (select value from gone);

-- name: bound
-- people who are held stay with the hashes of an older recipe: whoever was sent with one of them keeps theirs as well, for
-- the new hashes could not be told from those when the others are removed one day
create or replace temp table bound as
with lasting as (
    select member_key
    from sync.plan_changes
    where plan_id = $plan_id and list_id = $list_id and phase in (1, 2) and is_held and operation <> 'add'
    union
    select change.member_key
    from sync.plan_changes as change
    inner join sync.memberships as sent on sent.list_id = change.list_id and sent.member_key = change.member_key
    where change.plan_id = $plan_id and change.list_id = $list_id and change.phase = 2 and change.cause = 'renewal'
        and change.fingerprint = sent.fingerprint
),
old as (
    select distinct cell as value
    from sync.memberships as sent
    inner join lasting on lasting.member_key = sent.member_key,
        unnest(cells_of(sent.identifiers, $identifying)) as cells(cell)
    where sent.list_id = $list_id and sent.recipe <> $recipe
),
going as (
    select member_key, cause
    from sync.plan_changes
    where plan_id = $plan_id and list_id = $list_id and phase = 2 and not is_held and cause in ('recipe', 'renewal')
)
select distinct sent.member_key, going.cause, sent.identifiers, sent.fingerprint
from sync.memberships as sent
inner join going on going.member_key = sent.member_key,
    unnest(cells_of(sent.identifiers, $identifying)) as cells(cell)
where sent.list_id = $list_id and sent.recipe <> $recipe and cell in (select value from old);

-- name: hold_bound
update sync.plan_changes set is_held = true
where plan_id = $plan_id and list_id = $list_id and not is_held
    and (phase = 2 and cause = 'recipe' or phase = 1) and member_key in (select member_key from bound);

-- name: renew_bound
update sync.plan_changes as change
set identifiers = bound.identifiers, fingerprint = bound.fingerprint
from bound
where change.plan_id = $plan_id and change.list_id = $list_id and change.phase = 2 and change.cause = 'renewal'
    and change.member_key = bound.member_key and change.fingerprint <> bound.fingerprint;

-- name: stays_too_long
-- whose update waits or is held, and whom the platform would forget meanwhile
create or replace temp table put_back as
with unsent as (
    select member_key, why from staying where why in ('quarantine', 'recipe')
    union all
    select member_key, 'held'
    from sync.plan_changes
    where plan_id = $plan_id and list_id = $list_id and phase = 2 and is_held and operation = 'update'
)
select sent.member_key, min(unsent.why) as why
from sync.memberships as sent
inner join unsent on unsent.member_key = sent.member_key
where sent.list_id = $list_id and sent.leaving_at is null and sent.expires_at <= $now + to_seconds($renew_within::bigint)
    and sent.member_key not in (
        select member_key
        from sync.plan_changes
        where plan_id = $plan_id and list_id = $list_id and phase in (1, 2) and not is_held
    )
group by sent.member_key;

-- name: late_for_a_recipe
select count(*) filter (where why = 'recipe') from put_back;

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

-- name: waits_for
-- the lists whose held removals keep additions of this one waiting
select distinct held.list_id
from sync.plan_changes as held
left join former on former.former_key = held.member_key
inner join sync.plan_changes as change on change.member_key = coalesce(former.member_key, held.member_key)
where held.plan_id = $plan_id and held.phase = 1 and held.operation = 'remove' and held.is_held
    and list_contains($lists, held.list_id) and held.list_id <> $list_id
    and change.plan_id = $plan_id and change.list_id = $list_id and change.phase = 2 and change.operation = 'add'
    and change.is_held
order by held.list_id;

-- name: current_keys
-- who is removed under an id of before may be added to another list under the one of now
update sync.plan_changes as change set current_key = former.member_key
from former
where change.plan_id = $plan_id and list_contains($lists, change.list_id) and change.phase = 1
    and change.operation = 'remove' and change.member_key = former.former_key;

-- name: hold_left_out
-- who is on a list of the family that this plan leaves out waits until that one is planned
update sync.plan_changes as change set is_held = true
from (
    select distinct coalesce(former.member_key, sent.member_key) as member_key
    from sync.memberships as sent
    left join former on former.former_key = sent.member_key
    where list_contains($others, sent.list_id) and sent.leaving_at is null
) as elsewhere
where change.plan_id = $plan_id and change.list_id = $list_id and change.phase = 2 and change.operation = 'add'
    and change.member_key = elsewhere.member_key;

-- name: left_out
-- the lists that keep them waiting
select distinct sent.list_id
from sync.memberships as sent
left join former on former.former_key = sent.member_key
inner join sync.plan_changes as change on change.member_key = coalesce(former.member_key, sent.member_key)
where list_contains($others, sent.list_id) and sent.leaving_at is null
    and change.plan_id = $plan_id and change.list_id = $list_id and change.phase = 2 and change.operation = 'add'
    and change.is_held
order by sent.list_id;

-- name: requests
-- requests and rows that go, and people whose addition is held
select
    count(*) filter (where sent_rows > 0), coalesce(sum(sent_rows), 0), coalesce(sum(held_additions), 0)
from (
    select
        sum(len(identifiers)) filter (where not is_held) as sent_rows,
        count(*) filter (where is_held and operation = 'add') as held_additions
    from sync.plan_changes
    where plan_id = $plan_id and list_id = $list_id and phase in (1, 2)
    group by phase, batch_number
);
