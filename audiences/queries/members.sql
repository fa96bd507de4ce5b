-- From the customers of a segment to the members of a list. Temporary tables only; `build` is the published build.

-- name: define_member_key
create or replace temp macro member_key(customer_id) as
    sha256(getvariable('ledger_key') || sha256(getvariable('ledger_key') || customer_id));

-- name: define_bucket
create or replace temp macro bucket(experiment, key) as
    ('0x' || substr(sha256(getvariable('ledger_key') || experiment || ':' || key), 1, 13))::bigint / 4503599627370496.0;

-- name: create_funnel
create or replace temp table funnel (audience varchar, customer_id varchar, split_value varchar, out_reason varchar);

-- name: people
-- one row per customer with an identifier: what would be uploaded for them. Most have one row: only the others are gathered
create or replace temp table people as
with several as (
    select distinct customer_id from upload_rows where position > 1
),
gathered as (
    select customer_id, [upload_row] as identifiers
    from upload_rows
    where customer_id not in (select customer_id from several)
    union all
    select customer_id, list(upload_row order by position) as identifiers
    from upload_rows
    where customer_id in (select customer_id from several)
    group by customer_id
)
select
    customer_id,
    member_key(customer_id) as member_key,
    identifiers,
    md5(array_to_string(identifiers, ';')) as fingerprint
from gathered;

-- name: refused
-- customers whom the gate does not let through for every purpose that the platform needs, with the first reason
create or replace temp table refused as
select
    customer_id,
    coalesce(min(why_not order by purpose) filter (where not is_addressable), 'consent_unknown') as why_not
from build.marts.dim_addressable
where list_contains($purposes, purpose)
group by customer_id
having count(*) filter (where is_addressable) < $purpose_count;

-- name: placed
-- one row per customer of the segment: out with a reason, or a member with arm and split
create or replace temp table placed as
with gated as (
    select
        funnel.customer_id,
        people.member_key,
        people.fingerprint,
        funnel.split_value,
        case
            when funnel.out_reason is not null then funnel.out_reason
            when known.customer_id is null then 'gate unknown customer'
            when refused.customer_id is not null then 'gate ' || refused.why_not
            when people.customer_id is null then 'no identifier'
        end as out_reason,
        bucket($experiment, people.member_key) as bucket
    from funnel
    left join (select distinct customer_id from build.marts.dim_addressable) as known using (customer_id)
    left join refused using (customer_id)
    left join people using (customer_id)
    where funnel.audience = $audience
),
assigned as (
    select
        *,
        case
            when out_reason is not null then null
            when bucket < $holdout then 'holdout'
            else list_extract($arm_names, list_position(list_transform($arm_ends, lambda upper_end: bucket < upper_end), true))
        end as arm
    from gated
)
select
    customer_id,
    member_key,
    fingerprint,
    split_value,
    case when arm = 'holdout' then 'holdout' when out_reason is null and arm is null then 'no arm' else out_reason end as out_reason,
    arm
from assigned;

-- name: split
-- the largest values keep a list of their own, the others share the rest list, or are left out where there is none
update placed
set split_value = $rest, out_reason = case when $rest is null then 'no list of its own' end
where out_reason is null and (split_value is null or split_value not in (
    select split_value
    from placed
    where out_reason is null and split_value is not null
    group by split_value
    having count(*) >= $min_members
    order by count(*) desc, split_value
    limit $max_lists
));

-- name: arms
-- one list per arm, and per value within it where the audience is split as well
update placed set split_value = concat_ws('/', arm, split_value) where out_reason is null;

-- name: counts
select out_reason, count(*) from placed group by out_reason order by out_reason;

-- name: splits
select split_value from placed where out_reason is null group by split_value order by split_value;

-- name: sizes
select split_value, count(*) from placed where out_reason is null group by split_value order by split_value;
