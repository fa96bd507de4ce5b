-- What the ledger lets go of, so that it does not grow for ever: hashes soon, what tells how a list went after half a year.

-- name: waiting
-- plans that can still be carried out: nothing was sent of a list of theirs, or not all of it, and they follow the build that
-- was the newest when they were made, as `build_moved` and the age that the guard allows would have it. One goes after a day
-- where a newer one waits that says the same of the same lists
create or replace temp table waiting as
with plan as (
    select
        plan_id, any_value(build_id) as build_id, any_value(as_of) as as_of, max(created_at) as made_at,
        list((list_id, purpose, definition_hash) order by list_id) as definitions
    from sync.plans
    group by plan_id
    having bool_or(state in ('planned', 'applying')) and max(created_at) > $too_long_ago
),
open_one as (
    select plan.*
    from plan
    inner join sync.builds as build on build.build_id = plan.build_id and build.state = 'finished'
    where coalesce($now - plan.as_of <= $max_build_age or plan.made_at - plan.as_of > $max_build_age, true)
        and not exists (
            select 1 from sync.builds as newer
            where newer.state = 'finished' and newer.finished_at > plan.made_at and newer.sequence_number > build.sequence_number
        )
)
select plan_id
from open_one
qualify made_at > $a_day_ago or row_number() over (partition by build_id, definitions order by made_at desc, plan_id desc) = 1;

-- name: prune_changes
-- changes hold hashes: those of plans that wait stay, and of the last plans that were made or carried out; all others go.
-- Removals stay while the platform may still say that they failed
delete from sync.plan_changes where plan_id not in (select plan_id from waiting) and plan_id not in (
    select plan_id
    from (select plan_id, max(greatest(created_at, applied_at)) as touched_at from sync.plans group by plan_id)
    order by touched_at desc, plan_id desc
    limit 5
) and (phase <> 1 or plan_id not in (
    select plan_id from sync.batches
    where phase = 1 and state = 'accepted' and handle is not null and processing is null and closed_at > $too_old
));

-- name: prune_plans
delete from sync.plans where created_at < $oldest;

-- name: any_old_batch
select 1 from sync.batches where is_folded and opened_at <= $too_old limit 1;

-- name: prune_batches
-- of no use any more: its outcome is in the memberships, its plan's changes are gone, and the platform tells no more of it.
-- Kept are the requests that somebody on a list came with or leaves by, and of each list the last of either kind
delete from sync.batches
where is_folded and coalesce(closed_at, opened_at) <= $too_old
    and plan_id not in (select plan_id from sync.plan_changes)
    and batch_id not in (select batch_id from sync.memberships)
    and batch_id not in (select arg_max(batch_id, sequence_number) from sync.batches group by list_id, phase);

-- name: any_old_status
select 1 from sync.list_status where asked_at <= $thinned limit 1;

-- name: prune_statuses
-- the last of each day, and nothing that is older than half a year; the newest of each list stays, however old
delete from sync.list_status as told
using (
    select
        list_id, asked_at,
        row_number() over (partition by list_id, asked_at::date order by asked_at desc) as place_of_day,
        row_number() over (partition by list_id order by sequence_number desc) as place
    from sync.list_status
) as placed
where placed.list_id = told.list_id and placed.asked_at = told.asked_at and placed.place > 1
    and (told.asked_at <= $oldest or told.asked_at <= $thinned and placed.place_of_day > 1);
