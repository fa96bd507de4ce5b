-- A receipt names every request that took the person off a list, not only the last one.

create table sync.erasure_requests (
    erasure_id varchar not null,
    list_id varchar not null,
    batch_id varchar,                    -- null where it is not known any more
    request_id varchar,                  -- as the platform names it, if it does
    accepted_at timestamp not null,
    level varchar not null               -- accepted, confirmed
);

insert into sync.erasure_requests
select
    receipt.erasure_id, receipt.list_id, max(batch.batch_id), receipt.request_id, receipt.removed_at,
    coalesce(receipt.level, 'accepted')
from sync.erasure_lists as receipt
left join sync.batches as batch
    on batch.list_id = receipt.list_id and batch.request_id = receipt.request_id and batch.phase = 1
where receipt.request_id is not null and receipt.removed_at is not null and receipt.state = 'removed'
group by all;

alter table sync.erasure_lists drop column request_id;
alter table sync.erasures drop column list_count;
