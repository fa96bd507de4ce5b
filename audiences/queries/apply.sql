-- Carrying out a plan: intents before requests, outcomes after them, and what both mean for the memberships.

-- name: fold_removed
-- a removal that the platform accepted: the row goes, and its hashes with it
delete from sync.memberships as sent
using sync.batches as batch, sync.plan_changes as change
where not batch.is_folded and batch.state = 'accepted' and batch.phase = 1
    and change.plan_id = batch.plan_id and change.list_id = batch.list_id
    and change.phase = batch.phase and change.batch_number = batch.batch_number and not change.is_held
    and sent.list_id = change.list_id and sent.member_key = change.member_key;

-- name: fold_maybe_removed
-- a removal whose answer is unknown: perhaps still on the list
update sync.memberships as sent
set level = 'sent'
from sync.batches as batch, sync.plan_changes as change
where not batch.is_folded and batch.state = 'open' and batch.phase = 1
    and change.plan_id = batch.plan_id and change.list_id = batch.list_id
    and change.phase = batch.phase and change.batch_number = batch.batch_number and not change.is_held
    and sent.list_id = change.list_id and sent.member_key = change.member_key;

-- name: fold_shaken
-- platforms match people: a removal also takes off who shares an identifier, until added again in phase 2
update sync.memberships as sent
set level = 'sent'
from sync.batches as batch, sync.plan_changes as change
where not batch.is_folded and batch.state in ('accepted', 'open') and batch.phase = 1
    and change.plan_id = batch.plan_id and change.list_id = batch.list_id and change.phase = 2
    and sent.list_id = change.list_id and sent.member_key = change.member_key;

-- name: fold_added
-- what was sent last for each member of an addition: accepted, or sent with the answer unknown
create or replace temp table folded as
select
    change.list_id,
    change.member_key,
    arg_max(change.identifiers, batch.opened_at) as identifiers,
    arg_max(change.fingerprint, batch.opened_at) as fingerprint,
    case when arg_max(batch.state, batch.opened_at) = 'accepted' then 'accepted' else 'sent' end as level,
    max(batch.opened_at) as sent_at,
    arg_max(batch.closed_at, batch.opened_at) as accepted_at,
    arg_max(batch.batch_id, batch.opened_at) as batch_id
from sync.batches as batch
inner join sync.plan_changes as change
    on change.plan_id = batch.plan_id and change.list_id = batch.list_id
    and change.phase = batch.phase and change.batch_number = batch.batch_number and not change.is_held
where not batch.is_folded and batch.state in ('accepted', 'open') and batch.phase = 2
group by change.list_id, change.member_key;

-- name: fold_merged
-- where the answer is unknown, what was on the list before may be there beside the new rows
update folded
set identifiers = list_distinct(list_concat(sent.identifiers, folded.identifiers)), fingerprint = 'mixed ' || folded.fingerprint
from sync.memberships as sent
where folded.level = 'sent' and sent.list_id = folded.list_id and sent.member_key = folded.member_key
    and sent.fingerprint <> folded.fingerprint;

-- name: fold_replaced
delete from sync.memberships as sent using folded
where sent.list_id = folded.list_id and sent.member_key = folded.member_key;

-- name: fold_inserted
insert into sync.memberships
select list_id, member_key, identifiers, fingerprint, level, sent_at, accepted_at, null, batch_id from folded;

-- name: fold_done
update sync.batches set is_folded = true where not is_folded;

-- name: plan_lists
select entry, build_id, as_of, list_version, definition_hash, changes_digest, held
from sync.plans where plan_id = $plan_id order by list_id;

-- name: build_moved
-- the plan's build is no finished one any more, or a newer one was finished after the plan was made
select 1
from (select any_value(build_id) as build_id, max(created_at) as created_at from sync.plans where plan_id = $plan_id) as plan
where plan.build_id not in (select build_id from sync.builds where state = 'finished')
    or exists (
        select 1 from sync.builds
        where state = 'finished' and finished_at > plan.created_at and build_id <> plan.build_id
    );

-- name: list
select external_id, version, generation, last_plan_id from sync.lists where list_id = $list_id;

-- name: digest
select coalesce(sum(('0x' || substr(md5(phase || operation || member_key || fingerprint), 1, 15))::bigint), 0)::varchar
from sync.plan_changes where plan_id = $plan_id and list_id = $list_id and phase > 0;

-- name: pending_batches
-- requests of one phase that were not accepted yet; changes that a guard holds stay out
select batch_number
from sync.plan_changes
where plan_id = $plan_id and list_id = $list_id and phase = $phase
    and not is_held
    and batch_number not in (
        select batch_number from sync.batches
        where plan_id = $plan_id and list_id = $list_id and phase = $phase and state = 'accepted'
    )
group by batch_number
order by batch_number;

-- name: batch_rows
select unnest(identifiers) as upload_row
from sync.plan_changes
where plan_id = $plan_id and list_id = $list_id and phase = $phase and batch_number = $batch_number
    and not is_held
order by member_key;

-- name: open_batch
insert into sync.batches
values ($batch_id, $plan_id, $list_id, $phase, $batch_number, $session, $row_count, 'open', false, $now, null, null, null, null, null);

-- name: close_batch
update sync.batches
set state = $state, closed_at = $now, received = $received, invalid = $invalid, request_id = $request_id, error = $error
where batch_id = $batch_id;

-- name: create_list
insert into sync.lists
values ($list_id, $audience, $platform, $account, $split, $label, null, 1, 0, null, 'active', $now, null);

-- name: set_external
update sync.lists set external_id = $external_id, label = $label where list_id = $list_id;

-- name: new_generation
update sync.lists set external_id = $external_id, generation = generation + 1, version = version + 1 where list_id = $list_id;

-- name: forget_members
delete from sync.memberships where list_id = $list_id;

-- name: touch_list
update sync.lists set version = version + 1, last_plan_id = $plan_id where list_id = $list_id and last_plan_id is distinct from $plan_id;

-- name: list_applied
update sync.lists set applied_at = $now where list_id = $list_id;

-- name: plan_state
update sync.plans set state = $state, applied_at = $now where plan_id = $plan_id and list_id = $list_id;

-- name: use_permits
-- a release is used up as a whole, the guards that it named for nothing too
update sync.permits set used_by_plan = $plan_id
where list_id = $list_id and used_by_plan is null and granted_at in (
    select granted_at from sync.permits where permit_id in (
        select unnest(permits) from sync.plans where plan_id = $plan_id and list_id = $list_id
    )
);

-- name: log_entries
insert into sync.experiment_entries
select distinct $experiment, change.member_key, change.arm, $as_of, $audience, $build_id, null
from sync.plan_changes as change
where change.plan_id = $plan_id and change.list_id = $audience and change.phase = 0 and change.operation = 'enter'
    and $has_experiment
    and change.member_key not in (select member_key from sync.experiment_entries where experiment = $experiment);

-- name: log_history
insert into sync.audience_history
select $audience, member_key, $as_of, null
from sync.plan_changes
where plan_id = $plan_id and list_id = $audience and phase = 0 and operation = 'enter'
    and member_key not in (
        select member_key from sync.audience_history where audience = $audience and left_at is null
    );

-- name: log_leaving
update sync.audience_history
set left_at = $as_of
where audience = $audience and left_at is null and member_key in (
    select member_key from sync.plan_changes
    where plan_id = $plan_id and list_id = $audience and phase = 0 and operation = 'leave'
);
