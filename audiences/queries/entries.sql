-- Who enters an audience and its experiment, and who leaves it: phase 0 of a plan.

-- name: create_present
create or replace temp table present (audience varchar, member_key uuid, arm varchar, stratum varchar);

-- name: present
-- whoever came to the draw, on both sides: also who was drawn to be sent, but shares all that they have with somebody held out
insert into present
select $audience, member_key, arm, null
from placed
where arm is not null
    and member_key not in (select member_key from present where audience = $audience);

-- name: present_by_value
-- the value whose list they are on, or would be if they were not held out
insert into present
select $audience, placed.member_key, placed.arm, coalesce(kept.split_value, $rest)
from placed
inner join funnel on funnel.audience = $audience and funnel.customer_id = placed.customer_id
left join kept_values as kept on kept.split_value = funnel.split_value
where placed.arm is not null
    and placed.member_key not in (select member_key from present where audience = $audience);

-- name: entries
-- who enters the audience or its experiment (both arms) and who leaves it, under any key that they had
insert into sync.plan_changes
    (plan_id, list_id, phase, batch_number, operation, cause, member_key, current_key, identifiers, arm, stratum, is_held)
with inside as (
    select
        history.member_key as logged_key,
        coalesce(former.member_key, history.member_key) as member_key,
        history.entered_at
    from sync.audience_history as history
    left join former on former.former_key = history.member_key
    where history.audience = $audience and history.left_at is null
),
logged as (
    select coalesce(former.member_key, entries.member_key) as member_key
    from sync.experiment_entries as entries
    left join former on former.former_key = entries.member_key
    where entries.experiment = $experiment
)
select $plan_id, $audience, 0, 0, 'enter', 'new', member_key, null, [], arm, stratum, false
from present
where audience = $audience and (
    member_key not in (select member_key from inside)
    or $experiment is not null and member_key not in (select member_key from logged)
)
union all
select
    $plan_id, $audience, 0, 0, 'leave',
    if(min(entered_at) over (partition by member_key) <= $longest::timestamp, 'over', 'left'),
    logged_key, member_key, [], null, null, false
from inside where member_key not in (select member_key from present where audience = $audience);

-- name: any_waiting
select 1 from sync.plan_changes
where plan_id = $plan_id and list_contains($lists, list_id) and phase = 2 and operation = 'add' and is_held
limit 1;

-- name: hold_waiting
-- whose addition is held, on every platform
update sync.plan_changes as entry set is_held = true
from (
    select member_key
    from sync.plan_changes
    where plan_id = $plan_id and list_contains($lists, list_id) and phase = 2 and operation = 'add'
    group by member_key
    having bool_and(is_held)
) as waiting
where entry.plan_id = $plan_id and entry.list_id = $audience and entry.phase = 0 and entry.operation = 'enter'
    and entry.member_key = waiting.member_key;

-- name: hold_leaving
-- who stays on a list of the audience has not left. While removals are held, nor has anybody who is on no list, such as those
-- held out: a fault in the data would else begin their rest, but for those whose days are over
update sync.plan_changes as leaving set is_held = true
from (
    with gone as (
        -- who is taken off a list, or whose identifiers there are all somebody else's by now
        select list_id, member_key from sync.plan_changes
        where plan_id = $plan_id and list_contains($lists, list_id) and not is_held
            and (phase = 1 and operation = 'remove' or phase = 3 and operation = 'absorb' and not $is_held)
    ),
    sent as (
        select coalesce(former.member_key, sent.member_key) as member_key, gone.member_key is not null as is_going
        from sync.memberships as sent
        left join former on former.former_key = sent.member_key
        left join gone on gone.list_id = sent.list_id and gone.member_key = sent.member_key
        where list_contains($lists, sent.list_id) and sent.leaving_at is null
            and coalesce(former.member_key, sent.member_key) in (
                select current_key from sync.plan_changes
                where plan_id = $plan_id and list_id = $audience and phase = 0 and operation = 'leave'
            )
    )
    select entry.member_key
    from sync.plan_changes as entry
    left join sent on sent.member_key = entry.current_key
    where entry.plan_id = $plan_id and entry.list_id = $audience and entry.phase = 0 and entry.operation = 'leave'
    group by entry.member_key, entry.cause
    having bool_or(not sent.is_going) or $is_held and entry.cause = 'left' and count(sent.member_key) = 0
) as staying
where leaving.plan_id = $plan_id and leaving.list_id = $audience and leaving.phase = 0 and leaving.operation = 'leave'
    and leaving.member_key = staying.member_key;

-- name: hold_held_out
-- who is held out, but would wait like the others, because they are still on another list of the family
update sync.plan_changes as entry set is_held = true
from (
    select coalesce(former.member_key, sent.member_key) as member_key
    from sync.memberships as sent
    left join former on former.former_key = sent.member_key
    where list_contains($others, sent.list_id) and sent.leaving_at is null
    except
    select coalesce(removal.current_key, removal.member_key)
    from sync.plan_changes as removal
    where removal.plan_id = $plan_id and list_contains($others, removal.list_id) and removal.phase = 1
        and removal.operation = 'remove' and not removal.is_held
) as staying
where entry.plan_id = $plan_id and entry.list_id = $audience and entry.phase = 0 and entry.operation = 'enter'
    and entry.arm = $held_out and entry.member_key = staying.member_key;
