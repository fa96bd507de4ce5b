-- The least that a plan can do: both sides as tables of two narrow columns, and a full outer join of them.

-- name: wanted
create or replace temp table bare_wanted as
select member_key, fingerprint from placed where is_wanted;

-- name: sent
create or replace temp table bare_sent as
select member_key, fingerprint from sync.memberships where leaving_at is null;

-- name: join
create or replace temp table bare_changes as
select coalesce(bare_wanted.member_key, bare_sent.member_key) as member_key
from bare_wanted
full outer join bare_sent on bare_wanted.member_key = bare_sent.member_key
where bare_wanted.fingerprint is distinct from bare_sent.fingerprint;
