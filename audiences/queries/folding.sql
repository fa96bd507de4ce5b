-- What the outcomes of requests mean for the memberships. An answer that never came leaves somebody uncertain, not away.

-- name: any_unfolded
select 1 from sync.batches where not is_folded limit 1;

-- name: fold_outcomes
-- the best that is known of each request: an accepted try counts more than one whose answer is unknown
create or replace temp table outcomes as
select
    batch.plan_id, batch.list_id, batch.phase, batch.batch_number,
    if(bool_or(batch.state = 'accepted'), 'accepted', 'sent') as level,
    max(batch.opened_at) as sent_at,
    max(batch.closed_at) filter (where batch.state = 'accepted') as accepted_at,
    coalesce(
        arg_max(batch.batch_id, batch.sequence_number) filter (where batch.state = 'accepted'), max(batch.batch_id)
    ) as batch_id,
    any_value(plans.recipe) as recipe,
    any_value(plans.keep_days) as keep_days,
    any_value(plans.confirms_removals) as confirms_removals
from sync.batches as batch
inner join sync.plans as plans on plans.plan_id = batch.plan_id and plans.list_id = batch.list_id
where not batch.is_folded and batch.state in ('accepted', 'open')
group by batch.plan_id, batch.list_id, batch.phase, batch.batch_number;

-- name: any_unknown
select 1 from outcomes where level = 'sent' limit 1;

-- name: fold_erased
-- requests that take off who asked to be forgotten: the receipt names each
insert into sync.erasure_requests
select distinct sent.erasure_id, sent.list_id, batch.batch_id, batch.request_id, batch.closed_at, 'accepted'
from outcomes
inner join sync.plan_changes as change
    on change.plan_id = outcomes.plan_id and change.list_id = outcomes.list_id
    and change.phase = 1 and change.batch_number = outcomes.batch_number and not change.is_held and change.refusal is null
inner join sync.memberships as sent on sent.list_id = change.list_id and sent.member_key = change.member_key
inner join sync.batches as batch on batch.batch_id = outcomes.batch_id
where outcomes.level = 'accepted' and outcomes.phase = 1 and sent.erasure_id is not null and sent.leaving_at is null;

-- name: fold_removed
-- a removal that the platform accepted: the row goes, and its hashes with it
delete from sync.memberships as sent
using outcomes, sync.plan_changes as change
where outcomes.level = 'accepted' and outcomes.phase = 1 and not outcomes.confirms_removals
    and change.plan_id = outcomes.plan_id and change.list_id = outcomes.list_id
    and change.phase = 1 and change.batch_number = outcomes.batch_number and not change.is_held and change.refusal is null
    and sent.list_id = change.list_id and sent.member_key = change.member_key;

-- name: fold_leaving
-- where the platform confirms removals, it goes when this one is confirmed
update sync.memberships as sent
set leaving_at = outcomes.accepted_at, level = 'accepted', batch_id = outcomes.batch_id
from outcomes, sync.plan_changes as change
where outcomes.level = 'accepted' and outcomes.phase = 1 and outcomes.confirms_removals
    and change.plan_id = outcomes.plan_id and change.list_id = outcomes.list_id
    and change.phase = 1 and change.batch_number = outcomes.batch_number and not change.is_held and change.refusal is null
    and sent.list_id = change.list_id and sent.member_key = change.member_key;

-- name: fold_taken_off
-- whom the platform takes off now was refused before
delete from sync.quarantine as refused
using outcomes, sync.plan_changes as change
where outcomes.level = 'accepted' and outcomes.phase = 1
    and change.plan_id = outcomes.plan_id and change.list_id = outcomes.list_id
    and change.phase = 1 and change.batch_number = outcomes.batch_number and not change.is_held and change.refusal is null
    and refused.list_id = change.list_id and refused.member_key = change.member_key and starts_with(refused.reason, 'not removed');

-- name: fold_maybe_removed
-- a removal whose answer is unknown: perhaps still on the list
update sync.memberships as sent
set level = 'sent'
from outcomes, sync.plan_changes as change
where outcomes.level = 'sent' and outcomes.phase = 1
    and change.plan_id = outcomes.plan_id and change.list_id = outcomes.list_id
    and change.phase = 1 and change.batch_number = outcomes.batch_number and not change.is_held
    and sent.list_id = change.list_id and sent.member_key = change.member_key;

-- name: fold_shaken
-- platforms match people: a removal also takes off who shares an identifier, until added again in phase 2. Who has a removal of
-- their own that was not taken yet may be gone with another's
update sync.memberships as sent
set level = 'sent'
from (select distinct plan_id, list_id from outcomes where phase = 1) as removed, sync.plan_changes as change
where change.plan_id = removed.plan_id and change.list_id = removed.list_id
    and (change.phase = 1 or change.phase = 2 and change.operation <> 'add') and not change.is_held
    and sent.list_id = change.list_id and sent.member_key = change.member_key and sent.leaving_at is null;

-- name: fold_mixed
-- where the answer is unknown, what was on the list before may be there beside the new rows
create or replace temp table mixed as
select
    sent.list_id, sent.member_key,
    list_distinct(list_concat(sent.identifiers, change.identifiers)) as identifiers,
    md5('mixed ' || change.fingerprint::varchar)::uuid as fingerprint
from outcomes
inner join sync.plan_changes as change
    on change.plan_id = outcomes.plan_id and change.list_id = outcomes.list_id
    and change.phase = 2 and change.batch_number = outcomes.batch_number and not change.is_held
inner join sync.memberships as sent on sent.list_id = change.list_id and sent.member_key = change.member_key
where outcomes.phase = 2 and outcomes.level = 'sent' and sent.fingerprint <> change.fingerprint and sent.leaving_at is null;

-- name: fold_kept
-- who is sent again as they were has the hashes of before, and so their recipe
create or replace temp table kept as
select sent.list_id, sent.member_key, sent.recipe
from outcomes
inner join sync.plan_changes as change
    on change.plan_id = outcomes.plan_id and change.list_id = outcomes.list_id
    and change.phase = 2 and change.batch_number = outcomes.batch_number
inner join sync.memberships as sent on sent.list_id = change.list_id and sent.member_key = change.member_key
where outcomes.phase = 2 and change.cause in ('shared', 'renewal') and sent.fingerprint = change.fingerprint;

-- name: fold_replaced
delete from sync.memberships as sent
using outcomes, sync.plan_changes as change
where outcomes.phase = 2 and change.plan_id = outcomes.plan_id and change.list_id = outcomes.list_id
    and change.phase = 2 and change.batch_number = outcomes.batch_number and not change.is_held and change.refusal is null
    and sent.list_id = change.list_id and sent.member_key = change.member_key;

-- name: fold_inserted
insert into sync.memberships
    (list_id, member_key, identifiers, fingerprint, level, sent_at, accepted_at, confirmed_at, batch_id, cause, recipe, expires_at)
select
    change.list_id, change.member_key, change.identifiers, change.fingerprint, outcomes.level, outcomes.sent_at,
    outcomes.accepted_at, null, outcomes.batch_id, change.cause, coalesce(kept.recipe, outcomes.recipe),
    outcomes.sent_at + to_days(outcomes.keep_days::integer)
from sync.plan_changes as change
inner join outcomes
    on change.plan_id = outcomes.plan_id and change.list_id = outcomes.list_id
    and change.phase = outcomes.phase and change.batch_number = outcomes.batch_number
left join kept on kept.list_id = change.list_id and kept.member_key = change.member_key
where outcomes.phase = 2 and change.phase = 2 and not change.is_held and change.refusal is null;

-- name: fold_entered
-- somebody's days in an audience begin with the first request that adds them, on any list of it, and may have been taken
insert into sync.audience_history
select distinct entry.list_id, entry.member_key, plans.as_of, null::timestamp
from outcomes
inner join sync.plan_changes as change
    on change.plan_id = outcomes.plan_id and change.list_id = outcomes.list_id
    and change.phase = 2 and change.batch_number = outcomes.batch_number and not change.is_held and change.refusal is null
inner join sync.plans as plans on plans.plan_id = outcomes.plan_id and plans.list_id = outcomes.list_id
inner join sync.plan_changes as entry
    on entry.plan_id = outcomes.plan_id and entry.list_id = split_part(outcomes.list_id, '@', 1) and entry.phase = 0
    and entry.operation = 'enter' and entry.member_key = change.member_key
where outcomes.phase = 2 and entry.arm <> 'holdout' and not exists (
    select 1 from sync.audience_history as history
    where history.audience = entry.list_id and history.member_key = entry.member_key and history.left_at is null
);

-- name: fold_mixed_in
update sync.memberships as sent
set identifiers = mixed.identifiers, fingerprint = mixed.fingerprint
from mixed
where sent.list_id = mixed.list_id and sent.member_key = mixed.member_key;

-- name: fold_freed
-- whom the platform takes again is not in quarantine any more
delete from sync.quarantine as refused
using sync.memberships as sent
where sent.list_id = refused.list_id and sent.member_key = refused.member_key
    and sent.fingerprint <> refused.fingerprint and sent.sent_at > refused.quarantined_at and sent.level <> 'sent';

-- name: fold_done
update sync.batches set is_folded = true where not is_folded;
