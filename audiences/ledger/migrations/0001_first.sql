-- The ledger as sent. No raw e-mail, phone or name and no token is ever in here; hashes stand only in
-- memberships.identifiers and plan_changes.identifiers (and later in tombstones).

create schema if not exists sync;

create table sync.schema_version (
    version bigint not null,
    applied_at timestamp not null,
    ledger_id varchar not null,          -- written into every remote list: this ledger owns it
    environment varchar not null,
    key_check varchar not null           -- proves that the key file belongs to this ledger
);

create table sync.builds (
    build_id varchar not null,
    as_of timestamp not null,
    started_at timestamp not null,
    finished_at timestamp,
    state varchar not null,              -- running, finished, failed
    node_count bigint not null,
    failed_nodes varchar[] not null
);

-- one row per list: a remote audience on one platform account
create table sync.lists (
    list_id varchar not null,
    audience varchar not null,
    platform varchar not null,
    account varchar not null,
    split varchar,
    label varchar not null,
    external_id varchar,                 -- null until the platform has the list
    generation bigint not null,          -- one more each time the remote list was replaced by a new one
    version bigint not null,             -- one more with each plan that wrote to it
    last_plan_id varchar,
    state varchar not null,              -- active, retired (nobody asks for it, it is empty), deleted (and not there)
    created_at timestamp not null,
    applied_at timestamp
);

-- one row per list and member: exactly what was sent
create table sync.memberships (
    list_id varchar not null,
    member_key varchar not null,         -- keyed hash of customer_id
    identifiers varchar[] not null,      -- upload rows of hashes, as sent
    fingerprint varchar not null,        -- md5 of identifiers
    level varchar not null,              -- sent, accepted, confirmed
    sent_at timestamp not null,
    accepted_at timestamp,
    confirmed_at timestamp,
    batch_id varchar not null
);

-- one row per plan and list
create table sync.plans (
    plan_id varchar not null,
    list_id varchar not null,
    build_id varchar not null,
    as_of timestamp not null,
    created_at timestamp not null,
    list_version bigint not null,
    definition_hash varchar not null,
    changes_digest varchar not null,
    hash varchar not null,               -- over the four above
    held varchar[] not null,             -- operations that a guard holds
    permits varchar[] not null,          -- permits that let something through
    entry json not null,                 -- the list's part of `plan --json`
    state varchar not null,              -- planned, applying, applied, failed
    applied_at timestamp
);

-- one row per physical change: what a request of this plan carries for one member
create table sync.plan_changes (
    plan_id varchar not null,
    list_id varchar not null,            -- in phase 0 the audience's name
    phase bigint not null,               -- 0 entries and exits of the audience, 1 removals, 2 additions
    batch_number bigint not null,        -- within list and phase, from 0
    operation varchar not null,          -- add, update, remove; enter and leave in phase 0
    cause varchar not null,              -- why: new, changed, shared, uncertain, left, denied
    member_key varchar not null,
    identifiers varchar[] not null,
    fingerprint varchar not null,
    arm varchar,                         -- of an entry: treated, holdout or the arm's name
    is_held boolean not null             -- a guard holds it
);

-- one row per request that carries members; written as open before the request leaves
create table sync.batches (
    batch_id varchar not null,
    plan_id varchar not null,
    list_id varchar not null,
    phase bigint not null,
    batch_number bigint not null,
    session bigint not null,
    row_count bigint not null,
    state varchar not null,              -- open, accepted, rejected
    is_folded boolean not null,          -- its outcome is in memberships
    opened_at timestamp not null,
    closed_at timestamp,
    received bigint,
    invalid bigint,
    request_id varchar,
    error varchar
);

-- append-only: lift cannot be repaired later
create table sync.experiment_entries (
    experiment varchar not null,
    member_key varchar not null,
    arm varchar not null,
    entered_at timestamp not null,       -- as_of of the build
    audience varchar not null,
    build_id varchar not null,
    strata varchar
);

create table sync.audience_history (
    audience varchar not null,
    member_key varchar not null,
    entered_at timestamp not null,
    left_at timestamp
);

create table sync.permits (
    permit_id varchar not null,
    list_id varchar not null,
    guard varchar not null,
    at_most bigint not null,
    until timestamp not null,
    granted_at timestamp not null,
    granted_by varchar not null,
    reason varchar not null,
    used_by_plan varchar
);

create table sync.list_status (
    list_id varchar not null,
    asked_at timestamp not null,
    name varchar not null,
    size_lower bigint,
    size_upper bigint,
    is_usable boolean not null,
    note varchar not null,
    member_count bigint not null         -- of the ledger at that time
);

create table sync.erasures (
    erasure_id varchar not null,
    asked_at timestamp not null,
    state varchar not null
);

create table sync.tombstones (
    kind varchar not null,
    canonical_hash varchar not null,     -- keyed hash of the canonical hash
    erasure_id varchar not null
);
