-- What the ledger knows, for people. Newest is what was written last, not what bears the latest time: a clock may have been
-- ahead, and was set right since.

-- name: spoken
-- plans that say what is to be: carried out (a rebuild only then), or made of the newest build that there was. A look at an older
-- build, or at some audiences of a build that was planned as a whole and then without what is held, hides nothing
create or replace temp view spoken as
select plan.*
from sync.plans as plan
left join sync.builds as build on build.build_id = plan.build_id
where (plan.purpose = 'sync' or plan.purpose = 'rebuild') and plan.state not in ('planned', 'stale')
    or plan.purpose = 'sync'
    and not exists (
        select 1 from sync.builds as newer
        where newer.state = 'finished' and newer.sequence_number > build.sequence_number and newer.finished_at <= plan.created_at
    )
    and (
        len(plan.held) > 0
        or (select count(*) from sync.plans as part where part.plan_id = plan.plan_id) >= all (
            select count(*) from sync.plans as whole
            where whole.build_id = plan.build_id and whole.purpose = 'sync' and whole.sequence_number < plan.sequence_number
            group by whole.plan_id
        )
    );

-- name: lists
with membership as (
    select
        list_id,
        count(*) filter (where leaving_at is null) as members,
        count(*) filter (where leaving_at is null and level = 'sent') as unanswered,
        count(*) filter (where leaving_at is null and level in ('accepted', 'confirmed')) as accepted,
        count(*) filter (where leaving_at is null and level = 'confirmed') as confirmed,
        count(*) filter (where leaving_at is not null) as leaving,
        count(*) filter (where leaving_at is null and erasure_id is not null) as erasing,
        count(*) filter (where leaving_at is null and expires_at <= $expiring_until) as expiring,
        min(sent_at) filter (where leaving_at is null) as filled_at
    from sync.memberships
    group by list_id
),
newest_plan as (
    select
        list_id, arg_max(entry, sequence_number) as entry, arg_max(created_at, sequence_number) as planned_at,
        arg_max(applied_at, sequence_number) filter (where state = 'applied') as synced_at,
        arg_max_null(entry ->> '$.failure', sequence_number) filter (where state in ('applied', 'failed')) as failure
    from spoken
    group by list_id
),
held_since as (
    select plans.list_id, min(plans.created_at) as since
    from spoken as plans
    where len(plans.held) > 0 and coalesce(
        plans.sequence_number
        > (select max(free.sequence_number) from spoken as free where free.list_id = plans.list_id and len(free.held) = 0),
        true
    )
    group by plans.list_id
),
waiting as (
    select list_id, count(*) as requests, min(closed_at) as since
    from sync.batches
    where state = 'accepted' and handle is not null and processing is null
    group by list_id
),
refused as (
    select
        list_id, count(*) filter (where not starts_with(reason, 'not removed')) as people,
        count(*) filter (where starts_with(reason, 'not removed')) as not_removed
    from sync.quarantine
    group by list_id
),
written_off as (
    -- on the remote list that there is now: on one that took its place is nobody of them
    select
        gone.list_id, count(*) as requests, max(gone.written_off_at) as written_off_at,
        arg_max(gone.written_off_by, gone.written_off_at) as written_off_by,
        arg_max(gone.reason, gone.written_off_at) as reason
    from sync.erasure_lists as gone
    inner join sync.lists as there
        on there.list_id = gone.list_id and there.external_id is not distinct from gone.external_id
    where gone.state = 'written_off'
    group by gone.list_id
)
select
    coalesce(lists.list_id, newest_plan.list_id) as list_id,
    coalesce(lists.audience, newest_plan.entry ->> '$.audience') as audience,
    coalesce(lists.platform, newest_plan.entry ->> '$.platform') as platform,
    coalesce(lists.account, newest_plan.entry ->> '$.account') as account,
    lists.state,
    lists.external_id,
    lists.label,
    coalesce(membership.members, 0) as members,
    coalesce(membership.unanswered, 0) as unanswered,
    coalesce(membership.accepted, 0) as accepted,
    coalesce(membership.confirmed, 0) as confirmed,
    coalesce(membership.leaving, 0) as leaving,
    coalesce(membership.erasing, 0) as erasing,
    coalesce(membership.expiring, 0) as expiring,
    membership.filled_at,
    coalesce(refused.people, 0) as quarantined,
    coalesce(refused.not_removed, 0) as not_removed,
    coalesce(waiting.requests, 0) as requests_waiting,
    waiting.since as waiting_since,
    lists.applied_at,
    newest_plan.synced_at,
    newest_plan.planned_at,
    coalesce(lists.is_complete, newest_plan.failure is null) as is_complete,
    if(lists.list_id is null, newest_plan.failure, lists.remainder) as remainder,
    newest_plan.entry,
    coalesce(written_off.requests, 0) as written_off,
    written_off.written_off_at,
    written_off.written_off_by,
    written_off.reason as written_off_reason,
    held_since.since as held_since
from sync.lists
full join newest_plan on newest_plan.list_id = lists.list_id
left join membership on membership.list_id = coalesce(lists.list_id, newest_plan.list_id)
left join held_since on held_since.list_id = coalesce(lists.list_id, newest_plan.list_id)
left join waiting on waiting.list_id = lists.list_id
left join refused on refused.list_id = lists.list_id
left join written_off on written_off.list_id = lists.list_id
order by list_id;

-- name: newest_entries
select list_id, arg_max(entry, sequence_number), max(sequence_number) from spoken group by list_id;

-- name: told
-- what the platforms said of each list in the weeks before they were asked last, in the order of asking
select
    list_id, asked_at, name, size_lower, size_upper, is_usable, note, member_count, is_flagged, is_gone, match_rate
from sync.list_status
qualify asked_at >= first_value(asked_at) over (partition by list_id order by sequence_number desc) - to_days(30)
order by list_id, sequence_number;

-- name: row_count
select coalesce(sum(len(identifiers)), 0)::bigint from sync.memberships where list_id = $list_id;

-- name: names
select list_id, platform, account, external_id, label
from sync.lists
where audience = $audience and state = 'active' and external_id is not null
order by list_id;

-- name: builds
select build_id, as_of, started_at, finished_at, state, node_count, failed_nodes
from sync.builds order by sequence_number desc limit 5;

-- name: permit
insert into sync.permits values ($permit_id, $list_id, $guard, $at_most, $until, $now, $granted_by, $reason, null);

-- name: newer_failed
-- a build that began after the plan's failed since the plan was made; of one that was killed only its beginning is known
select 1
from (select any_value(build_id) as build_id, max(created_at) as created_at from sync.plans where plan_id = $plan_id) as plan
inner join sync.builds as build on build.build_id = plan.build_id
inner join sync.builds as newer on newer.state = 'failed' and newer.sequence_number > build.sequence_number
where coalesce(newer.finished_at, newer.started_at) > plan.created_at
limit 1;

-- name: planned_at
select max(created_at) from sync.plans where plan_id = $plan_id;

-- name: permit_over
-- a permit that lets changes of this list through ran out, or another plan used it up
select 1
from sync.permits
where permit_id in (select unnest(permits) from sync.plans where plan_id = $plan_id and list_id = $list_id)
    and (used_by_plan is null and until <= $now or used_by_plan <> $plan_id)
limit 1;
