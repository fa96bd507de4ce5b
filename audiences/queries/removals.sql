-- Who goes, and whom that takes along: platforms match people, so a removal takes off everybody who shares an identifier.

-- name: define_cells
-- the cells of upload rows that point to a person by themselves
create or replace temp macro cells_of(upload_rows, identifying) as list_filter(
    flatten(list_transform(upload_rows, lambda r: list_select(string_split(r, ','), identifying))), lambda c: c <> ''
);

-- name: removals
-- phase 1, with the hashes that were sent; an update whose new rows cover the old ones needs no removal, and a renewal
-- only where its rows are others
create or replace temp table removals as
with covering as (
    select changes.member_key, cells_of(coalesce(trimmed.identifiers, fresh.identifiers), $identifying) as cells
    from changes
    left join trimmed on trimmed.customer_id = changes.customer_id
    left join (
        select customer_id, list(upload_row) as identifiers
        from upload_rows
        where customer_id in (select customer_id from changes where cause = 'changed')
        group by customer_id
    ) as fresh on fresh.customer_id = changes.customer_id
    where changes.cause = 'changed'
)
select changes.member_key, changes.customer_id, changes.operation, changes.cause
from changes
inner join sync.memberships as sent on sent.list_id = $list_id and sent.member_key = changes.member_key
left join covering on covering.member_key = changes.member_key
where changes.operation = 'remove'
    or changes.cause in ('recipe', 'rebuild')
    or changes.cause = 'renewal' and changes.fingerprint <> sent.fingerprint
    or changes.cause = 'changed' and not list_has_all(covering.cells, cells_of(sent.identifiers, $identifying));

-- name: none_removed
create or replace temp table removals (member_key uuid, customer_id varchar, operation varchar, cause varchar);
create or replace temp table absorbed (member_key uuid, taker_key uuid);
create or replace temp table put_back (member_key uuid);

-- name: removal_values
create or replace temp table removal_values as
select distinct removals.member_key, cell as value
from removals
inner join sync.memberships as sent on sent.list_id = $list_id and sent.member_key = removals.member_key,
    unnest(cells_of(sent.identifiers, $identifying)) as cells(cell);

-- name: holders
-- whose the values about to be removed are now
create or replace temp table holders as
select customer_id, value from identifying_values where value in (select value from removal_values);

-- name: mark_ended
-- no guard holds somebody who was sent with an identifier of a person who said no or was erased: with one that is theirs
-- now, with one that they were sent with, or (the hashes of another recipe cannot be compared) who shares one now
update removals set cause = 'denied'
where cause not in ('denied', 'erased') and (
    cause = 'recipe' and customer_id in (select customer_id from tied)
    or member_key in (
        select member_key
        from removal_values
        where value in (
            select value from holders where customer_id in (select customer_id from ended)
            union all
            select theirs.value
            from removal_values as theirs
            inner join removals as ending on ending.member_key = theirs.member_key
            where ending.cause in ('denied', 'erased')
        )
    )
);

-- name: absorbed
-- people merge and come apart, and keys change with them: somebody whose every identifier is now one of wanted members
-- of this list is not removed; the ledger's row goes once those who take over are on the list with it
create or replace temp table absorbed as
with kept as (
    select distinct holders.value, placed.member_key as taker_key
    from holders
    inner join placed on placed.customer_id = holders.customer_id
    where placed.is_wanted and placed.split_value is not distinct from $split
        and holders.value not in (select value from withheld)
),
taken as (
    select removals.member_key, kept.taker_key
    from removals
    inner join removal_values on removal_values.member_key = removals.member_key
    left join kept on kept.value = removal_values.value
    where removals.operation = 'remove' and removals.cause = 'left'
)
select distinct member_key, taker_key
from taken
qualify bool_and(taker_key is not null) over (partition by member_key);

-- name: leave_absorbed
delete from removals where member_key in (select member_key from absorbed);

-- name: nobody_hit
-- whom a removal hits: each round finds those who have a value of the round before, since whoever is found by one value goes
-- from the platform with all of theirs; also people who are on no list, for others may be found by what is theirs
create or replace temp table hit (customer_id varchar, round bigint);
create or replace temp table hit_as_sent (member_key uuid, round bigint);
create or replace temp table removed_values as
select distinct value, 0::bigint as round from removal_values where member_key in (select member_key from removals);

-- name: hit
insert into hit
select distinct customer_id, $round
from identifying_values
where value in (select value from removed_values where round = $round)
    and customer_id not in (select customer_id from hit);

-- name: hit_as_sent
-- members who stay with what was sent before
insert into hit_as_sent
select distinct sent.member_key, $round
from sync.memberships as sent
inner join staying on staying.member_key = sent.member_key,
    unnest(cells_of(sent.identifiers, $identifying)) as cells(cell)
where sent.list_id = $list_id and sent.leaving_at is null
    and cell in (select value from removed_values where round = $round)
    and sent.member_key not in (select member_key from hit_as_sent);

-- name: spread
insert into removed_values
select distinct value, $round + 1
from identifying_values
where customer_id in (select customer_id from hit where round = $round) and value not in (select value from removed_values);

-- name: spread_as_sent
insert into removed_values
select distinct cell, $round + 1
from sync.memberships as sent
inner join hit_as_sent on hit_as_sent.member_key = sent.member_key and hit_as_sent.round = $round,
    unnest(cells_of(sent.identifiers, $identifying)) as cells(cell)
where sent.list_id = $list_id and cell not in (select value from removed_values);

-- name: pull_removals
-- who waits for a recipe's day and is hit gets the new hashes today: they are sent again anyway
insert into removals
select member_key, customer_id, operation, cause
from staying
where why = 'recipe' and member_key in (select member_key from hit_as_sent);

-- name: pull_values
insert into removal_values
select distinct sent.member_key, cell
from removals
inner join staying on staying.member_key = removals.member_key
inner join sync.memberships as sent on sent.list_id = $list_id and sent.member_key = removals.member_key,
    unnest(cells_of(sent.identifiers, $identifying)) as cells(cell);

-- name: pull_changes
insert into changes
select * exclude (why) from staying where why = 'recipe' and member_key in (select member_key from hit_as_sent);

-- name: leave_pulled
delete from staying where member_key in (select member_key from changes);

-- name: put_back
-- who is hit and stays as they are: sent again in phase 2
create or replace temp table put_back as
with found as (
    select placed.member_key
    from placed
    inner join hit on hit.customer_id = placed.customer_id
    where placed.is_wanted and placed.split_value is not distinct from $split
        and placed.member_key not in (select member_key from staying)
    union
    select member_key from hit_as_sent
)
select member_key
from found
where member_key not in (select member_key from changes)
    and member_key in (select member_key from sync.memberships where list_id = $list_id and leaving_at is null);

-- name: additions
-- phase 2: who is new, has changed or is renewed
create or replace temp table additions as
select member_key, operation, cause, customer_id, fingerprint, row_count
from changes
where operation <> 'remove';

-- name: inherit_cause
-- an update that takes off an identifier of somebody who said no goes as a whole
update additions set cause = removals.cause
from removals
where removals.member_key = additions.member_key and removals.cause in ('denied', 'erased');
