-- From candidates to the members of a list. Temporary tables only; `build` is the published build.

-- name: create_funnel
create or replace temp table funnel (audience varchar, customer_id varchar, split_value varchar, out_reason varchar);

-- name: hashed
-- upload rows are long, so they are hashed before anything else is done with them
create or replace temp table hashed as
select customer_id, position, md5(upload_row)::uuid as row_hash
from upload_rows
semi join (from funnel where out_reason is null) as asked using (customer_id);

-- name: people
-- one row per customer with an identifier: how many upload rows they have and what these are made of. Most have one row
create or replace temp table people as
with several as (
    select distinct customer_id from hashed where position > 1
)
select customer_id, member_key(customer_id) as member_key, 1::bigint as row_count, row_hash as fingerprint
from hashed
anti join several using (customer_id)
union all
select customer_id, member_key(customer_id), count(*), fingerprint(list(row_hash order by position))
from hashed
semi join several using (customer_id)
group by customer_id;

-- name: drop_hashed
drop table hashed;

-- name: erased_by_key
-- and who was erased under an id of theirs, whatever addresses they have by now: of those who come into question, and of those who
-- share one with somebody
insert into erased
with erased_keys as (
    select canonical_hash as member_key from sync.tombstones where kind = 'customer'
),
known as (
    select customer_id, member_key from people
    union all
    select customer_id, member_key(customer_id) from shared_values where exists (select 1 from erased_keys)
)
select distinct customer_id
from known
where customer_id not in (select customer_id from erased) and member_key in (
    select member_key from erased_keys
    union
    select member_key from former where former_key in (select member_key from erased_keys)
);

-- name: refused
-- customers whom the gate does not let through for every purpose that the platform needs, with the strictest reason: a no
-- to one purpose is not hidden by another of which nothing is known
create or replace temp table refused as
select
    customer_id,
    case
        when bool_or(why_not = 'consent_denied') then 'consent_denied'
        else coalesce(
            min_by(why_not, purpose) filter (where why_not <> 'consent_unknown'), 'consent_unknown'
        )
    end as why_not
from (
    select customer_id, purpose, why_not
    from build.marts.dim_addressable
    where is_addressable is distinct from true
    union all
    select customer_id, purpose, why_not from refused_since
)
where list_contains($purposes, purpose)
group by customer_id;

-- name: refuse_unknown
-- nobody may be sent for a purpose that the gate says nothing of
insert into refused
select distinct customer_id, 'unknown customer'
from (
    select customer_id from funnel where out_reason is null
    union all
    select customer_id from shared_values
)
where customer_id not in (select customer_id from build.marts.dim_addressable where purpose = $purpose)
    and customer_id not in (select customer_id from refused);

-- name: shared_values
-- identifying values that stand at more than one customer, found by their hashes first: there are few, if any
create or replace temp table shared_values as
with identifying as (
    from identifying_values
    union all
    from values_since
),
suspects as (
    select hash(value) as suspect
    from identifying
    group by suspect
    having min(hash(customer_id)) <> max(hash(customer_id))
)
select distinct value, customer_id
from identifying
where hash(value) in (select suspect from suspects)
qualify min(customer_id) over (partition by value) <> max(customer_id) over (partition by value)
union
select value, customer_id from half_erased;

-- name: ended
-- who said no or was erased
create or replace temp table ended as
select customer_id from erased
union
select customer_id from refused where why_not = 'consent_denied';

-- name: tied
-- who has an identifier in common with one of them
create or replace temp table tied as
select distinct customer_id
from shared_values
where value in (
    select value from shared_values where customer_id in (select customer_id from ended)
    union all
    select value from half_erased
);

-- name: withhold_strictest
-- per identifier the strictest wins: one of somebody erased or denied is sent for nobody, and none of who is excluded
create or replace temp table withheld as
select distinct value
from shared_values
where customer_id in (
    select customer_id from erased
    union all
    select customer_id from refused where why_not not in ('consent_unknown', 'unknown customer')
)
union
select value from half_erased;

-- name: losing
create or replace temp table losing as
select distinct customer_id from shared_values where value in (select value from withheld);

-- name: held_out
-- whom the log has as held out, whatever the gate says of them by now and wherever they are, as long as the build knows them
create or replace temp table held_out as
with sharing as (
    select customer_id, member_key(customer_id) as member_key
    from (select distinct customer_id from shared_values)
)
select sharing.customer_id
from sharing
inner join logged_arms on logged_arms.member_key = sharing.member_key
where logged_arms.arm = 'holdout';

-- name: held_out_here
-- and whom the draw holds out
insert into held_out
select customer_id from placed where arm = 'holdout';

-- name: held_out_of_all
-- an experiment of several audiences draws people out of all of them, also those who are in another one, or in none yet
insert into held_out
with drawn as (
    select customer_id, member_key(customer_id) as member_key
    from (select distinct customer_id from shared_values)
    where customer_id not in (select customer_id from refused)
)
select drawn.customer_id
from drawn
left join logged_arms on logged_arms.member_key = drawn.member_key
where bucket($experiment, coalesce(logged_arms.first_key, drawn.member_key)) < $holdout;

-- name: withhold_held_out
insert into withheld
select distinct value
from shared_values
where customer_id in (select customer_id from held_out) and value not in (select value from withheld);

-- name: losing_to_held_out
create or replace temp table losing as
select distinct customer_id
from shared_values
where value in (select value from withheld) and customer_id in (select customer_id from placed where out_reason is null);

-- name: create_trimmed
create or replace temp table trimmed (customer_id varchar, identifiers varchar[], fingerprint uuid);

-- name: trim_again
delete from trimmed where customer_id in (select customer_id from losing);

-- name: trim
-- what is left to send of people who lose a value to somebody stricter; no rows when it is nothing
insert into trimmed
select
    losing.customer_id,
    coalesce(list(kept.upload_row order by kept.position) filter (where kept.upload_row is not null), []),
    fingerprint(list(md5(kept.upload_row)::uuid order by kept.position) filter (where kept.upload_row is not null))
from losing
left join trimmed_rows as kept on kept.customer_id = losing.customer_id
group by losing.customer_id;

-- name: logged_arms
-- the arm in which a person entered the experiment, under any of their keys; held out if any part of them was. Of parts that
-- entered on one day the key decides, so that nobody goes from arm to arm
create or replace temp table logged_arms as
select
    coalesce(former.member_key, entries.member_key) as member_key,
    arg_min(entries.member_key, (entries.entered_at, entries.member_key)) as first_key,
    case
        when bool_or(entries.arm = 'holdout') then 'holdout'
        else arg_min(entries.arm, (entries.entered_at, entries.member_key))
    end as arm
from sync.experiment_entries as entries
left join former on former.former_key = entries.member_key
where entries.experiment = $experiment
group by all;

-- name: placed
-- one row per customer of the segment: out with a reason, or a member with arm and split
create or replace temp table placed as
with gated as (
    select
        funnel.customer_id,
        people.member_key,
        coalesce(trimmed.fingerprint, people.fingerprint) as fingerprint,
        coalesce(len(trimmed.identifiers), people.row_count) as row_count,
        funnel.split_value,
        case
            when funnel.out_reason is not null then funnel.out_reason
            when erased.customer_id is not null then 'gate erased'
            when refused.customer_id is not null then 'gate ' || refused.why_not
            when people.customer_id is null then 'no identifier'
            when len(trimmed.identifiers) = 0 then 'identifier withheld'
        end as out_reason
    from funnel
    left join erased on erased.customer_id = funnel.customer_id
    left join refused on refused.customer_id = funnel.customer_id
    left join people on people.customer_id = funnel.customer_id
    left join trimmed on trimmed.customer_id = funnel.customer_id
    where funnel.audience = $audience
),
assigned as (
    select
        gated.*,
        case
            when out_reason is not null then null
            when not $has_experiment then 'treated'
            when logged_arms.arm = 'holdout' then 'holdout'
            when bucket($experiment, coalesce(logged_arms.first_key, gated.member_key)) < $holdout then 'holdout'
            when list_contains($arm_names, logged_arms.arm) then logged_arms.arm
            else list_extract($arm_names, list_position(
                list_transform($arm_ends, lambda upper_end: bucket($experiment, gated.member_key) < upper_end), true
            ))
        end as arm
    from gated
    left join logged_arms on logged_arms.member_key = gated.member_key
)
select
    customer_id,
    member_key,
    fingerprint,
    row_count,
    case when arm = 'holdout' then 'holdout' else split_value end as split_value,
    case when arm = 'holdout' then 'holdout' when out_reason is null and arm is null then 'no arm' else out_reason end as out_reason,
    arm,
    arm is not null and (arm <> 'holdout' or $push_exclusion) as is_wanted
from assigned;

-- name: none_placed
create or replace temp table placed (
    customer_id varchar, member_key uuid, fingerprint uuid, row_count bigint, split_value varchar, out_reason varchar,
    arm varchar, is_wanted boolean
);
create or replace temp table trimmed (customer_id varchar, identifiers varchar[], fingerprint uuid);

-- name: recipe_version
select recipe_version from build.marts.dim_identifiers limit 1;

-- name: trim_placed
-- who shares a value with somebody held out keeps what is left
update placed
set fingerprint = trimmed.fingerprint,
    row_count = len(trimmed.identifiers),
    is_wanted = len(trimmed.identifiers) > 0,
    out_reason = case when len(trimmed.identifiers) = 0 then 'identifier withheld' end
from trimmed
where trimmed.customer_id = placed.customer_id and placed.out_reason is null
    and placed.customer_id in (select customer_id from losing);

-- name: kept_values
-- a value gets a list of its own from min_members on and keeps it until it is below half of that for seven builds
create or replace temp table kept_values as
with sizes as (
    select split_value, count(*) as members
    from placed
    where out_reason is null and split_value is not null
    group by split_value
),
judged as (
    select
        coalesce(sizes.split_value, known.split_value) as split_value,
        coalesce(sizes.members, 0) as members,
        known.split_value is not null as is_known,
        case
            when coalesce(sizes.members, 0) * 2 >= $min_members then 0
            when known.last_build_id = $build_id then known.small_builds
            else coalesce(known.small_builds, 0) + 1
        end as small_builds
    from sizes
    full join (select * from sync.split_values where family = $family) as known on known.split_value = sizes.split_value
)
select split_value, small_builds
from judged
where if(is_known, small_builds < 7, members >= $min_members)
order by is_known desc, members desc, split_value
limit $max_lists;

-- name: split
-- those who have no list of their own share the rest list, or are left out where there is none
update placed
set split_value = $rest,
    out_reason = case when $rest is null then 'no list of its own' end,
    is_wanted = $rest is not null
where out_reason is null
    and (split_value is null or split_value not in (select split_value from kept_values));

-- name: arms
-- one list per arm, and per value within it where the audience is split as well
update placed set split_value = concat_ws('/', arm, split_value) where out_reason is null;

-- name: counts
select out_reason, count(*) from placed group by out_reason order by out_reason;

-- name: splits
select split_value from placed where is_wanted group by split_value order by split_value;

-- name: sizes
select split_value, count(*) from placed where is_wanted group by split_value order by split_value;
