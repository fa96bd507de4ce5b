-- What the ledger knows, for people.

-- name: lists
with membership as (
    select
        list_id,
        count(*) as members,
        count(*) filter (where level = 'sent') as sent_only,
        count(*) filter (where level in ('accepted', 'confirmed')) as accepted,
        count(*) filter (where level = 'confirmed') as confirmed
    from sync.memberships
    group by list_id
),
newest_plan as (
    select list_id, arg_max(entry, created_at) as entry, arg_max(state, created_at) as state,
        arg_max(held, created_at) as held, max(created_at) as planned_at
    from sync.plans
    group by list_id
),
held_since as (
    select plans.list_id, min(plans.created_at) as since
    from sync.plans
    where len(plans.held) > 0 and plans.created_at > coalesce(
        (select max(free.created_at) from sync.plans as free where free.list_id = plans.list_id and len(free.held) = 0),
        timestamp '1970-01-01'
    )
    group by plans.list_id
)
select
    coalesce(lists.list_id, newest_plan.list_id) as list_id,
    lists.external_id,
    lists.state,
    coalesce(membership.members, 0) as members,
    coalesce(membership.sent_only, 0) as sent_only,
    coalesce(membership.accepted, 0) as accepted,
    coalesce(membership.confirmed, 0) as confirmed,
    lists.applied_at,
    newest_plan.planned_at,
    coalesce(newest_plan.held, []) as held,
    newest_plan.entry,
    held_since.since as held_since
from sync.lists
full join newest_plan on newest_plan.list_id = lists.list_id
left join membership on membership.list_id = coalesce(lists.list_id, newest_plan.list_id)
left join held_since on held_since.list_id = coalesce(lists.list_id, newest_plan.list_id)
order by list_id;

-- name: builds
select build_id, as_of, started_at, finished_at, state, node_count, failed_nodes
from sync.builds order by started_at desc limit 5;

-- name: permit
insert into sync.permits values ($permit_id, $list_id, $guard, $at_most, $until, $now, $granted_by, $reason, null);
