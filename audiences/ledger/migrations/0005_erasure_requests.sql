-- A receipt names every request that took the person off a list, not only the last one.

create table sync.erasure_requests (
    erasure_id varchar not null,
    list_id varchar not null,
    batch_id varchar,                    -- null for one that was accepted before this table was
    request_id varchar,                  -- as the platform names it, if it does
    accepted_at timestamp not null,
    level varchar not null               -- accepted, confirmed
);

insert into sync.erasure_requests
select erasure_id, list_id, null, request_id, removed_at, coalesce(level, 'accepted')
from sync.erasure_lists
where request_id is not null and removed_at is not null and state = 'removed';

alter table sync.erasure_lists drop column request_id;
alter table sync.erasures drop column list_count;
