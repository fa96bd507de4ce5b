-- Levels with an end, recipes, quarantine, erasure, experiments that close. Keys and fingerprints become 16 bytes.

alter table sync.memberships alter column member_key type uuid using left(member_key, 32)::uuid;
alter table sync.memberships alter column fingerprint type uuid
    using coalesce(try_cast(fingerprint as uuid), md5(fingerprint)::uuid);
alter table sync.memberships add column cause varchar default 'new';       -- why it was sent last, as in plan_changes
alter table sync.memberships add column recipe varchar;                    -- recipe of its identifiers
alter table sync.memberships add column expires_at timestamp;              -- when the platform forgets it; null for never
alter table sync.memberships add column leaving_at timestamp;              -- removal accepted, not yet confirmed: not on the list
alter table sync.memberships add column erasure_id varchar;                -- to be removed ahead of everything

delete from sync.plan_changes;  -- of plans made by the version before: plan again
update sync.plans set state = 'stale' where state in ('planned', 'applying');
alter table sync.plan_changes alter column member_key type uuid using left(member_key, 32)::uuid;
alter table sync.plan_changes alter column fingerprint drop not null;
alter table sync.plan_changes alter column fingerprint type uuid using null::uuid;
alter table sync.plan_changes add column refusal varchar;                  -- why the platform did not take it

alter table sync.plans add column purpose varchar default 'sync';          -- sync, rebuild, forget
alter table sync.plans add column name varchar;                            -- what the ad manager is to show
alter table sync.plans add column recipe varchar;                          -- recipe of the upload rows
alter table sync.plans add column keep_days bigint;                        -- after so many days the platform forgets a member
alter table sync.plans add column confirms_removals boolean default false; -- a removal counts when it is confirmed
alter table sync.plans add column coverage double;                         -- share of allowed customers with an identifier

alter table sync.batches add column handle varchar;                        -- what confirm asks the platform by
alter table sync.batches add column processing varchar;                    -- null, then processed, failed or unknown
alter table sync.batches add column asked_at timestamp;                    -- when confirm asked last

alter table sync.lists add column retired_at timestamp;                    -- its audience, account or split value went
alter table sync.lists add column is_complete boolean default true;        -- false: the last apply left something over
alter table sync.lists add column remainder varchar;                       -- why, in a sentence

alter table sync.list_status add column is_flagged boolean default false;
alter table sync.list_status add column is_gone boolean default false;
alter table sync.list_status add column match_rate double;

alter table sync.experiment_entries alter column member_key type uuid using left(member_key, 32)::uuid;
alter table sync.audience_history alter column member_key type uuid using left(member_key, 32)::uuid;

-- one row per list and member whose identifiers the platform refuses; tried again when they change
create table sync.quarantine (
    list_id varchar not null,
    member_key uuid not null,
    fingerprint uuid not null,
    reason varchar not null,
    request_id varchar,
    quarantined_at timestamp not null
);

-- one row per experiment and generation: lowering a share, or changing the arms, closes it and opens the next
create table sync.experiments (
    experiment varchar not null,         -- scope: audience:<name>, group:<name> or global
    generation bigint not null,
    holdout double not null,
    arms varchar not null,
    opened_at timestamp not null,
    closed_at timestamp
);

-- one row per split value that has a list of its own
create table sync.split_values (
    family varchar not null,             -- <audience>@<platform>:<account> by <column>
    split_value varchar not null,
    small_builds bigint not null,        -- builds in a row below half of min_members
    last_build_id varchar not null
);

-- what a request to be forgotten led to, list by list
alter table sync.erasures add column finished_at timestamp;
alter table sync.erasures add column asked_by varchar;
alter table sync.erasures add column customer_count bigint;
alter table sync.erasures add column list_count bigint;

create table sync.erasure_lists (
    erasure_id varchar not null,
    list_id varchar not null,
    platform varchar not null,
    external_id varchar,
    state varchar not null,              -- open, removed, gone
    level varchar,                       -- accepted, confirmed
    request_id varchar,
    member_count bigint not null,
    removed_at timestamp
);

alter table sync.tombstones alter column canonical_hash type uuid using left(canonical_hash, 32)::uuid;
