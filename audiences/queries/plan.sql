-- What belongs to a plan as a whole: the lists as they are, permits, entries and exits, and the plan's own rows.

-- name: lists_made
-- the lists of ours that there are on an account, those too that are emptied by now: nobody deletes them
select count(*) from sync.lists
where platform = $platform and account = $account and external_id is not null and state <> 'deleted';

-- name: wanted
select count(*) from placed where is_wanted and split_value is not distinct from $split;

-- name: list
select external_id, version, generation, state from sync.lists where list_id = $list_id;

-- name: external_id
select external_id from sync.lists where list_id = $list_id;

-- name: size
select count(*) from sync.memberships where list_id = $list_id and leaving_at is null;

-- name: released
-- the newest plan that carried out a release of this guard: what it left behind is the standard from then on
select max(plan.sequence_number)
from sync.plans as plan
inner join sync.permits as permit
    on permit.used_by_plan = plan.plan_id and list_contains(plan.permits, permit.permit_id)
where plan.list_id = $list_id and plan.state = 'applied' and permit.guard = $guard;

-- name: largest
-- the largest size that the list had lately, as the plans found it, whatever became of them
select coalesce(max((entry ->> '$.size')::bigint), 0)
from sync.plans
where list_id = $list_id and greatest(created_at, applied_at) > $since
    and sequence_number > coalesce($after, sequence_number - 1);

-- name: was_filled
-- whether a plan that left nothing over was carried out since the last one that found the list small, or gone. That one may be it
select coalesce(
    max(applied_at) filter (
        where state = 'applied' and not list_contains(held, 'add')
            and entry ->> '$.state' = 'active' and (entry ->> '$.members')::bigint > 0
    ) >= coalesce(max(created_at) filter (where (entry ->> '$.size')::bigint < $from_members), timestamp '1970-01-01'),
    false
)
from sync.plans
where list_id = $list_id and purpose <> 'forget';

-- name: best_coverage
-- the best of the last days. What a guard held sets no standard: while it goes on, the last that was good counts, however old
with carried as (
    select
        coverage, greatest(created_at, applied_at) as done_at,
        list_has_any(held, ['remove', 'update']) as is_held
    from sync.plans
    where list_id = $list_id and purpose = 'sync' and state not in ('planned', 'stale') and coverage is not null
        and sequence_number >= coalesce($after, sequence_number)
),
newest as (
    select max(done_at) filter (where not is_held) as good_at, max(done_at) filter (where is_held) as held_at from carried
)
select max(carried.coverage)
from carried, newest
where not carried.is_held
    and (carried.done_at > $since or carried.done_at = newest.good_at and newest.held_at > newest.good_at);

-- name: overdue_before
-- people who left the list since because their days were over, of those who were on it when it was largest without them. Where a
-- plan did not come to its end, whoever it did not remove is among those of the next one
with known as (
    select
        sequence_number, coalesce((entry ->> '$.size')::bigint, 0) as size, case
            when state = 'applied' then overdue
            when state in ('planned', 'stale') then 0
            else greatest(overdue - lead(overdue, 1, $overdue) over (order by sequence_number), 0)
        end as left_so
    from (select *, coalesce((entry ->> '$.overdue')::bigint, 0) as overdue from sync.plans where list_id = $list_id)
    where greatest(created_at, applied_at) > $since and sequence_number > coalesce($after, sequence_number - 1)
)
select coalesce(max(size) - max(size - left_since), 0)
from (
    select
        size, sum(left_so) over (order by sequence_number rows between current row and unbounded following) as left_since
    from known
);

-- name: coverage
-- of those whom the gate lets through, the share who have an identifier
select
    count(*) filter (where out_reason is distinct from 'no identifier') / nullif(count(*), 0)
from placed
where out_reason is null or out_reason in ('no identifier', 'holdout', 'no arm', 'no list of its own', 'identifier withheld');

-- name: permits
select permit_id, guard, at_most from sync.permits
where list_contains($lists, list_id) and until > $now and used_by_plan is null
order by granted_at;

-- name: known_splits
select split from sync.lists
where audience = $audience and platform = $platform and account = $account and state = 'active';

-- name: kept
select split_value from kept_values;

-- name: share_gone
-- of the people on a list, the share who are not in its audience any more: the others only move to another list of it
select avg(if(placed.member_key is null, 1, 0))
from sync.memberships as sent
left join placed
    on placed.member_key = sent.member_key and (placed.arm is not null or placed.out_reason = 'no list of its own')
where sent.list_id = $list_id and sent.leaving_at is null;

-- name: lists
-- every list that there is at a platform
select list_id, audience, platform, account, split, label
from sync.lists
where state = 'active' and external_id is not null
order by list_id;

-- name: store
insert into sync.plans
    (plan_id, list_id, build_id, as_of, created_at, list_version, definition_hash, changes_digest, hash, held, permits, entry,
     state, purpose, name, recipe, keep_days, confirms_removals, coverage, split_values)
values
    ($plan_id, $list_id, $build_id, $as_of, $now, $list_version, $definition_hash, $changes_digest, $hash, $held, $permits, $entry,
     'planned', $purpose, $name, $recipe, $keep_days, $confirms_removals, $coverage, $split_values);
