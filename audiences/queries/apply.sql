-- Carrying out a plan: intents before requests, outcomes after them.

-- name: plan_lists
select entry, build_id, as_of, list_version, definition_hash, changes_digest, held, purpose, name, keep_days, split_values
from sync.plans where plan_id = $plan_id order by list_id;

-- name: build_moved
-- the plan's build is no finished one any more, or a newer one was finished after the plan was made
select 1
from (select any_value(build_id) as build_id, max(created_at) as created_at from sync.plans where plan_id = $plan_id) as plan
where plan.build_id not in (select build_id from sync.builds where state = 'finished')
    or exists (
        select 1 from sync.builds as newer
        inner join sync.builds as build on build.build_id = plan.build_id and newer.sequence_number > build.sequence_number
        where newer.state = 'finished' and newer.finished_at > plan.created_at
    );

-- name: let_go
-- when a plan was made of which no changes are left
select max(created_at) from sync.plans
where plan_id = $plan_id and not exists (select 1 from sync.plan_changes where plan_id = $plan_id);

-- name: list
select external_id, version, generation, last_plan_id, label from sync.lists where list_id = $list_id;

-- name: pending_batches
-- requests of one phase that were not accepted yet; changes that a guard holds stay out
select batch_number
from sync.plan_changes
where plan_id = $plan_id and list_id = $list_id and phase = $phase
    and not is_held and refusal is null
    and batch_number not in (
        select batch_number from sync.batches
        where plan_id = $plan_id and list_id = $list_id and phase = $phase and state = 'accepted'
    )
group by batch_number
order by batch_number;

-- name: batch_rows
select member_key::varchar as member_key, unnest(identifiers) as upload_row
from sync.plan_changes
where plan_id = $plan_id and list_id = $list_id and phase = $phase and batch_number = $batch_number
    and not is_held and refusal is null;

-- name: open_batch
insert into sync.batches
    (batch_id, plan_id, list_id, phase, batch_number, session, row_count, state, is_folded, opened_at)
values ($batch_id, $plan_id, $list_id, $phase, $batch_number, $session, $row_count, 'open', false, $now);

-- name: close_batch
update sync.batches
set state = $state, closed_at = $now, received = $received, invalid = $invalid, request_id = $request_id, error = $error,
    handle = $handle
where batch_id = $batch_id;

-- name: halve
-- the members of a rejected request go into two new ones
update sync.plan_changes as change
set batch_number = $next + if(placed.place * 2 > placed.total, 1, 0)
from (
    select member_key, row_number() over (order by member_key) as place, count(*) over () as total
    from sync.plan_changes
    where plan_id = $plan_id and list_id = $list_id and phase = $phase and batch_number = $batch_number
        and not is_held and refusal is null
) as placed
where change.plan_id = $plan_id and change.list_id = $list_id and change.phase = $phase
    and change.batch_number = $batch_number and not change.is_held and change.refusal is null
    and change.member_key = placed.member_key;

-- name: hold_moving
-- who is still on another list of the family, because the removal there did not happen, is not added to this one yet
update sync.plan_changes as change set is_held = true
from (
    select distinct coalesce(removal.current_key, sent.member_key) as member_key
    from sync.memberships as sent
    left join sync.plan_changes as removal
        on removal.plan_id = $plan_id and removal.list_id = sent.list_id and removal.member_key = sent.member_key
        and removal.phase = 1 and removal.operation = 'remove'
    left join sync.batches as done
        on done.plan_id = $plan_id and done.list_id = removal.list_id and done.phase = 1 and done.state = 'accepted'
        and done.batch_number = removal.batch_number and not removal.is_held and removal.refusal is null
    where list_contains($others, sent.list_id) and sent.leaving_at is null and done.batch_id is null
) as staying
where change.plan_id = $plan_id and change.list_id = $list_id and change.phase = 2 and change.operation = 'add'
    and not change.is_held and change.refusal is null and change.member_key = staying.member_key
    and change.batch_number not in (
        select batch_number from sync.batches
        where plan_id = $plan_id and list_id = $list_id and phase = 2 and state = 'accepted'
    );

-- name: next_batch
select max(batch_number) + 1 from sync.plan_changes where plan_id = $plan_id and list_id = $list_id and phase = $phase;

-- name: refuse
update sync.plan_changes set refusal = $reason
where plan_id = $plan_id and list_id = $list_id and phase = $phase and batch_number = $batch_number
    and not is_held and refusal is null and list_contains($members::uuid[], member_key);

-- name: refuse_addition
-- who could not be removed is not added either: one person is never on a list twice
update sync.plan_changes set refusal = $reason
where plan_id = $plan_id and list_id = $list_id and phase = 2 and list_contains($members::uuid[], member_key);

-- name: kept_before
-- people whom the platform did not take off in a run of this plan that broke off
select count(distinct member_key) from sync.plan_changes
where plan_id = $plan_id and list_id = $list_id and phase = 1 and refusal is not null;

-- name: quarantine
-- a member whose identifiers the platform refuses; before it the row of an older refusal goes
insert into sync.quarantine
select list_id, member_key, fingerprint, $reason, $request_id, $now
from sync.plan_changes
where plan_id = $plan_id and list_id = $list_id and phase = 2 and batch_number = $batch_number
    and refusal is not null and list_contains($members::uuid[], member_key);

-- name: not_removed
-- a member whom the platform did not take off: kept in mind beside the refused, by a sum that no identifiers have
insert into sync.quarantine
select list_id, member_key, md5('not removed ' || member_key::varchar)::uuid, $reason, $request_id, $now
from sync.plan_changes
where plan_id = $plan_id and list_id = $list_id and phase = 1 and batch_number = $batch_number
    and refusal is not null and list_contains($members::uuid[], member_key);

-- name: leave_not_removed
delete from sync.quarantine
where list_id = $list_id and starts_with(reason, 'not removed') and list_contains($members::uuid[], member_key);

-- name: let_stay
-- whom this plan does not remove may be on the list, or was taken off: nothing was refused of late
delete from sync.quarantine
where list_id = $list_id and starts_with(reason, 'not removed') and member_key not in (
    select member_key from sync.plan_changes where plan_id = $plan_id and list_id = $list_id and phase = 1
);

-- name: leave_quarantine
delete from sync.quarantine where list_id = $list_id and list_contains($members::uuid[], member_key);

-- name: create_list
insert into sync.lists
    (list_id, audience, platform, account, split, label, external_id, generation, version, last_plan_id, state, created_at)
values ($list_id, $audience, $platform, $account, $split, $label, null, 1, 0, null, 'active', $now);

-- name: others
-- the remote lists that other lists have
select external_id from sync.lists
where external_id is not null and platform = $platform and list_id <> $list_id;

-- name: other_owner
-- the audience whose list in this ledger that remote list is already: one remote list is never two lists
select audience from sync.lists
where external_id = $external_id and platform = $platform and list_id <> $list_id and state = 'active';

-- name: set_external
update sync.lists
set external_id = $external_id, label = $label, state = if($is_asked, 'active', state), retired_at = if($is_asked, null, retired_at)
where list_id = $list_id;

-- name: new_generation
-- no plan goes on where it was; a list that keeps its id is one that the platform makes with its first rows, and not there yet
update sync.lists
set external_id = nullif($external_id, external_id), generation = generation + 1, version = version + 1, last_plan_id = null
where list_id = $list_id;

-- name: forget_members
delete from sync.memberships where list_id = $list_id;

-- name: leave_generation
-- what was refused, or waits for an answer, was another list
delete from sync.quarantine where list_id = $list_id;

-- name: leave_requests
-- what was asked of a list that is gone puts nobody on the next one, not even where the answer is still to come
update sync.batches
set is_folded = true, processing = if(state = 'accepted' and handle is not null, coalesce(processing, 'unknown'), processing)
where list_id = $list_id and (not is_folded or state = 'accepted' and handle is not null and processing is null);

-- name: touch_list
update sync.lists set version = version + 1, last_plan_id = $plan_id where list_id = $list_id and last_plan_id is distinct from $plan_id;

-- name: list_applied
update sync.lists set applied_at = $now where list_id = $list_id;

-- name: remainder
update sync.lists set is_complete = $is_complete, remainder = $remainder
where list_id = $list_id and (is_complete is distinct from $is_complete or remainder is distinct from $remainder);

-- name: why_failed
-- a list that was never made has no row of its own: status reads it here
update sync.plans set entry = json_merge_patch(entry, json_object('failure', $remainder))
where plan_id = $plan_id and list_id = $list_id;

-- name: retire
-- a list that no definition asks for, and that is empty now
update sync.lists set state = 'retired', retired_at = $now
where list_id = $list_id and not exists (
    select 1 from sync.memberships as sent where sent.list_id = $list_id and sent.leaving_at is null
);

-- name: any_absorbed
select 1 from sync.plan_changes where plan_id = $plan_id and list_id = $list_id and phase = 3 limit 1;

-- name: drop_absorbed
-- not while somebody who takes over was refused, now or before, or is not on the list: their old row is what is there
delete from sync.memberships
where list_id = $list_id and member_key in (
    select change.member_key
    from sync.plan_changes as change
    left join sync.memberships as taker
        on taker.list_id = change.list_id and taker.member_key = change.fingerprint and taker.leaving_at is null
    left join sync.plan_changes as refused
        on refused.plan_id = change.plan_id and refused.list_id = change.list_id and refused.phase = 2
        and refused.member_key = change.fingerprint and refused.refusal is not null
    left join sync.quarantine as barred on barred.list_id = change.list_id and barred.member_key = change.fingerprint
    where change.plan_id = $plan_id and change.list_id = $list_id and change.phase = 3
    group by change.member_key
    having bool_and(taker.member_key is not null and refused.member_key is null and barred.member_key is null)
);

-- name: plan_state
update sync.plans set state = $state, applied_at = $now where plan_id = $plan_id and list_id = $list_id;

-- name: use_permits
-- a release is used up as a whole, the guards that it named for nothing too, but for those whose changes still wait
update sync.permits set used_by_plan = $plan_id
where list_id = $list_id and used_by_plan is null and list_contains($guards, guard) and granted_at in (
    select granted_at from sync.permits where list_contains($guards, guard) and permit_id in (
        select unnest(permits) from sync.plans where plan_id = $plan_id and list_id = $list_id
    )
);

-- name: log_entries
-- only ever appended to; a person is logged once, under the key that they had then
insert into sync.experiment_entries
select distinct $experiment, change.member_key, change.arm, $as_of, $audience, $build_id, change.stratum
from sync.plan_changes as change
where change.plan_id = $plan_id and change.list_id = $audience and change.phase = 0 and change.operation = 'enter'
    and not change.is_held and not list_contains($blocked, change.arm || '/' || coalesce(change.stratum, ''))
    and change.member_key not in (select member_key from sync.experiment_entries where experiment = $experiment);

-- name: log_history
-- the days of who is on a list, and of who is held out beside them: not where all that were to be sent beside them failed
insert into sync.audience_history
with entering as (
    select
        member_key, arm, stratum,
        member_key in (
            select member_key from sync.memberships
            where starts_with(list_id, $audience || '@') and leaving_at is null
        ) as is_on
    from sync.plan_changes
    where plan_id = $plan_id and list_id = $audience and phase = 0 and operation = 'enter'
        and not is_held and not list_contains($blocked, arm || '/' || coalesce(stratum, ''))
),
sent_beside as (
    select entering.stratum, bool_or(entering.is_on) as is_any_on
    from entering
    inner join sync.plan_changes as change on change.member_key = entering.member_key
    where entering.arm <> 'holdout' and change.plan_id = $plan_id and change.phase = 2
        and starts_with(change.list_id, $audience || '@')
        and not change.is_held and change.refusal is null
    group by entering.stratum
)
select $audience, entering.member_key, $as_of, null
from entering
left join sent_beside on sent_beside.stratum is not distinct from entering.stratum
where if(entering.arm = 'holdout', coalesce(sent_beside.is_any_on, true), entering.is_on)
    and entering.member_key not in (
        select member_key from sync.audience_history where audience = $audience and left_at is null
    );

-- name: log_leaving
update sync.audience_history
set left_at = $as_of
where audience = $audience and left_at is null and member_key in (
    select member_key from sync.plan_changes
    where plan_id = $plan_id and list_id = $audience and phase = 0 and operation = 'leave' and not is_held
);
