-- What is newest was written last, whatever the clock said: a clock may have been ahead, and was set right since. Rows from
-- before are numbered by their times, at 0 and below.

create sequence sync.written;

alter table sync.builds add column sequence_number bigint;
update sync.builds as build set sequence_number = counted.place
from (select build_id, row_number() over (order by started_at, build_id) - count(*) over () as place from sync.builds) as counted
where counted.build_id = build.build_id;
alter table sync.builds alter column sequence_number set default nextval('sync.written');

alter table sync.plans add column sequence_number bigint;
update sync.plans as plan set sequence_number = counted.place
from (
    select plan_id, list_id, row_number() over (order by created_at, plan_id, list_id) - count(*) over () as place
    from sync.plans
) as counted
where counted.plan_id = plan.plan_id and counted.list_id = plan.list_id;
alter table sync.plans alter column sequence_number set default nextval('sync.written');

alter table sync.batches add column sequence_number bigint;
update sync.batches as batch set sequence_number = counted.place
from (
    select batch_id, row_number() over (order by opened_at, batch_id) - count(*) over () as place from sync.batches
) as counted
where counted.batch_id = batch.batch_id;
alter table sync.batches alter column sequence_number set default nextval('sync.written');

alter table sync.list_status add column sequence_number bigint;
update sync.list_status as told set sequence_number = counted.place
from (
    select rowid as number, row_number() over (order by asked_at, rowid) - count(*) over () as place from sync.list_status
) as counted
where counted.number = told.rowid;
alter table sync.list_status alter column sequence_number set default nextval('sync.written');
