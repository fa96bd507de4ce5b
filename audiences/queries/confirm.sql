-- What the platforms say became of accepted requests, and what that means for the memberships.

-- name: lists
-- those that somebody looks after, and retired ones while a removal is not settled
select list_id, audience, platform, account, external_id, generation, label, state <> 'active'
from sync.lists as list
where external_id is not null and (
    state = 'active'
    or state = 'retired' and (
        exists (select 1 from sync.memberships as sent where sent.list_id = list.list_id)
        or exists (
            select 1 from sync.batches as batch
            where batch.list_id = list.list_id
                and batch.state = 'accepted' and batch.handle is not null and batch.processing is null
        )
    )
)
order by list_id;

-- name: pending
-- accepted requests of which it is not known what became of them
select list_id, handle, phase, closed_at
from sync.batches
where state = 'accepted' and handle is not null and processing is null
order by opened_at, batch_id;

-- name: list
select generation, external_id from sync.lists where list_id = $list_id;

-- name: told
-- what was answered; whatever is not settled after so long will not be
create or replace temp table told as
select
    batch.batch_id, batch.plan_id, batch.phase, batch.batch_number, batch.opened_at, batch.sequence_number,
    case
        when answer.state in ('processed', 'failed', 'unknown') then answer.state
        when batch.closed_at < $give_up then 'unknown'
    end as processing
from (select unnest($handles::varchar[]) as handle, unnest($states::varchar[]) as state) as answer
inner join sync.batches as batch on batch.handle = answer.handle
where batch.list_id = $list_id and batch.state = 'accepted' and batch.processing is null;

-- name: told_counts
select
    count(*) filter (where processing = 'processed'),
    count(*) filter (where processing is null),
    count(*) filter (where processing = 'failed'),
    count(*) filter (where processing = 'unknown')
from told;

-- name: note_told
update sync.batches as batch
set processing = told.processing, asked_at = $now
from told
where told.batch_id = batch.batch_id;

-- name: confirm_requests
update sync.erasure_requests as request set level = 'confirmed'
from told
where told.batch_id = request.batch_id and told.processing = 'processed';

-- name: failed_requests
-- they took nobody off
delete from sync.erasure_requests as request
using told
where told.batch_id = request.batch_id and told.processing = 'failed';

-- name: failed_additions
-- nothing of these requests took effect: the next plan sends them again
update sync.memberships as sent
set level = 'sent', accepted_at = null, confirmed_at = null
from told
where told.processing = 'failed' and told.phase = 2
    and sent.list_id = $list_id and sent.batch_id = told.batch_id and sent.leaving_at is null;

-- name: failed_removals
-- who is still on the list: as the ledger has them, or with what a later request sent for them
create or replace temp table still_there as
select
    change.member_key,
    list_distinct(flatten(list(change.identifiers))) as identifiers,
    any_value(change.fingerprint) as fingerprint,
    max(told.opened_at) as sent_at,
    arg_max(told.batch_id, told.sequence_number) as batch_id
from told
inner join sync.plan_changes as change
    on change.plan_id = told.plan_id and change.list_id = $list_id
    and change.phase = told.phase and change.batch_number = told.batch_number
    and not change.is_held and change.refusal is null
where told.processing = 'failed' and told.phase = 1
group by change.member_key;

-- name: bring_back
update sync.memberships as sent
set leaving_at = null, level = 'sent', confirmed_at = null
from told
where told.processing = 'failed' and told.phase = 1
    and sent.list_id = $list_id and sent.batch_id = told.batch_id and sent.leaving_at is not null;

-- name: bring_back_beside
-- what could not be removed stands there beside what was sent since: both go, then the wanted rows come
update sync.memberships as sent
set
    leaving_at = null, level = 'sent', confirmed_at = null,
    identifiers = list_distinct(list_concat(sent.identifiers, still_there.identifiers)),
    fingerprint = md5('mixed ' || sent.fingerprint::varchar)::uuid
from still_there
where sent.list_id = $list_id and sent.member_key = still_there.member_key
    and not list_has_all(sent.identifiers, still_there.identifiers);

-- name: bring_back_lost
-- a later removal was confirmed, but it may have named somebody by other identifiers
insert into sync.memberships
    (list_id, member_key, identifiers, fingerprint, level, sent_at, batch_id, cause)
select $list_id, member_key, identifiers, fingerprint, 'sent', sent_at, batch_id, 'left'
from still_there
where member_key not in (select member_key from sync.memberships where list_id = $list_id);

-- name: moved
-- a plan made before this does not know it
update sync.lists set version = version + 1 where list_id = $list_id;

-- name: look_after_again
-- people are back on a list that was empty and nobody asks for: it is planned again, and so who says no leaves it
update sync.lists as list set state = 'active', retired_at = null
where list_id = $list_id and state = 'retired' and exists (
    select 1 from sync.memberships as sent where sent.list_id = list.list_id and sent.leaving_at is null
);

-- name: confirm_additions
update sync.memberships as sent
set level = 'confirmed', confirmed_at = $now
from told
where told.processing = 'processed' and told.phase = 2
    and sent.list_id = $list_id and sent.batch_id = told.batch_id and sent.level = 'accepted' and sent.leaving_at is null;

-- name: erased_now
-- requests to be forgotten whose members go with this
create or replace temp table erased_now as
select distinct sent.erasure_id
from sync.memberships as sent
inner join told on told.batch_id = sent.batch_id
where told.processing = 'processed' and told.phase = 1
    and sent.list_id = $list_id and sent.leaving_at is not null and sent.erasure_id is not null;

-- name: confirm_removals
delete from sync.memberships as sent
using told
where told.processing = 'processed' and told.phase = 1
    and sent.list_id = $list_id and sent.batch_id = told.batch_id and sent.leaving_at is not null;

-- name: end_removals
-- the platform took it and will not tell more: the row goes, and its hashes with it
delete from sync.memberships where list_id = $list_id and leaving_at < $give_up;

-- name: confirm_erasures
-- confirmed is only what was confirmed for everybody: not where of one of their requests it was never told
update sync.erasure_lists as receipt
set level = 'confirmed'
where receipt.list_id = $list_id and receipt.state = 'removed' and receipt.erasure_id in (select erasure_id from erased_now)
    and not exists (
        select 1 from sync.memberships as sent
        where sent.list_id = receipt.list_id and sent.erasure_id = receipt.erasure_id
    )
    and not exists (
        select 1 from sync.erasure_requests as request
        where request.erasure_id = receipt.erasure_id and request.list_id = receipt.list_id and request.level <> 'confirmed'
    )
returning receipt.erasure_id;

-- name: gone_erasures
update sync.erasure_lists set state = 'gone' where list_id = $list_id and state = 'open';

-- name: gone_requests
update sync.batches set processing = 'unknown', asked_at = $now
where list_id = $list_id and state = 'accepted' and handle is not null and processing is null;

-- name: gone_for_good
update sync.lists set state = 'deleted' where list_id = $list_id;

-- name: size
select count(*) from sync.memberships where list_id = $list_id and leaving_at is null;

-- name: append_status
insert into sync.list_status
    (list_id, asked_at, name, size_lower, size_upper, is_usable, note, member_count, is_flagged, is_gone, match_rate)
values
    ($list_id, $now, $name, $size_lower, $size_upper, $is_usable, $note, $member_count, $is_flagged, $is_gone, $match_rate);
