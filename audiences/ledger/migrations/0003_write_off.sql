-- A list that cannot be reached any more: an erasure ends without it, and says who said so and why.

alter table sync.erasure_lists add column written_off_at timestamp;
alter table sync.erasure_lists add column written_off_by varchar;
alter table sync.erasure_lists add column reason varchar;
