-- What must change on one list: its wanted members in `placed` against what the ledger says was sent.

-- name: changes
-- short rows are compared first, and what else is needed is fetched for those that differ
create or replace temp table changes as
with wanted as (
    select member_key, fingerprint
    from placed
    where is_wanted and split_value is not distinct from $split
),
sent as (
    select member_key, fingerprint, level = 'sent' as is_uncertain, recipe, expires_at
    from sync.memberships
    where list_id = $list_id and leaving_at is null
),
compared as (
    select
        coalesce(wanted.member_key, sent.member_key) as member_key,
        wanted.fingerprint,
        case
            when sent.member_key is null then 'new'
            when wanted.member_key is null then 'left'
            when $is_rebuilt then 'rebuild'
            when sent.expires_at <= $now then 'renewal'
            when wanted.fingerprint <> sent.fingerprint then if(sent.recipe <> $recipe, 'recipe', 'changed')
            when sent.is_uncertain then 'uncertain'
            when sent.expires_at <= $now + to_seconds(
                ($renew_within + $renew_spread * ('0x' || left(wanted.member_key::varchar, 8))::bigint / 4294967296.0)::bigint
            ) then 'renewal'
        end as cause
    from wanted
    full join sent on wanted.member_key = sent.member_key
    where $is_rebuilt
        or sent.member_key is null
        or wanted.member_key is null
        or wanted.fingerprint <> sent.fingerprint
        or sent.is_uncertain
        or sent.expires_at <= $now + to_seconds(($renew_within + $renew_spread)::bigint)
)
select
    compared.member_key,
    placed.customer_id,
    compared.fingerprint,
    placed.row_count,
    case cause when 'new' then 'add' when 'left' then 'remove' when 'renewal' then 'renew' else 'update' end as operation,
    cause
from compared
left join placed on placed.member_key = compared.member_key and compared.fingerprint is not null
where cause is not null;

-- name: nobody_stays
-- whose change is not done today, and why; whoever of them is on the list stays on it as sent
create or replace temp table staying as select *, null::varchar as why from changes limit 0;

-- name: quarantined
-- whom the platform refused with these very identifiers is not tried again, but for one that somebody who said no has too
insert into staying
select changes.*, 'quarantine'
from changes
inner join sync.quarantine as refused
    on refused.list_id = $list_id and refused.member_key = changes.member_key and refused.fingerprint = changes.fingerprint
where changes.cause = 'new' or changes.cause = 'changed' and changes.customer_id not in (select customer_id from tied);

-- name: only_ended
-- a paused list stays as it is, but for people who said no or were erased, and for whoever was sent with an identifier of theirs
insert into staying
select changes.*, 'paused'
from changes
where member_key not in (select member_key from refused_keys where cause in ('denied', 'erased'))
    and member_key not in (
        select sent.member_key
        from sync.memberships as sent, unnest(cells_of(sent.identifiers, $identifying)) as cells(cell)
        where sent.list_id = $list_id and cell in (
            select value from identifying_values where customer_id in (select customer_id from ended)
        )
    );

-- name: recipe_done
select count(*) from sync.memberships where list_id = $list_id and cause = 'recipe' and sent_at >= $since;

-- name: recipe_budget
-- a new recipe is spread over days: who is beyond today's budget keeps the old hashes until then, but not one of somebody
-- stricter
insert into staying
select changes.*, 'recipe'
from changes
where cause = 'recipe' and customer_id not in (select customer_id from trimmed) and member_key not in (
    select member_key from changes where cause = 'recipe' order by member_key limit $budget
);

-- name: leave_staying
delete from changes where member_key in (select member_key from staying);

-- name: waiting
select why, count(*) from staying where why <> 'paused' group by why order by why;

-- name: refused_keys
-- why somebody may not be on a list any more, under each key that they ever had
create or replace temp table refused_keys as
with refused_people as (
    select customer_id, 'erased' as cause from erased
    union all
    select customer_id, if(why_not = 'consent_denied', 'denied', 'consent_unknown')
    from refused
    where why_not in ('consent_denied', 'consent_unknown') and customer_id not in (select customer_id from erased)
),
keyed as (
    select member_key(customer_id) as member_key, cause from refused_people
)
select member_key, cause from keyed
union
select former.former_key, keyed.cause from keyed inner join former on former.member_key = keyed.member_key;

-- name: mark_refused
-- who said no or was erased goes whatever a guard holds
update changes set cause = refused_keys.cause
from refused_keys
where changes.operation = 'remove' and refused_keys.member_key = changes.member_key;
