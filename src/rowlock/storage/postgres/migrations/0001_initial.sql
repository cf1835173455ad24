-- Only unfinished tasks. A token is present exactly while a task runs: it is the guard of
-- every write that a worker makes.
CREATE TABLE rowlock_task (
    id uuid NOT NULL PRIMARY KEY,
    namespace text NOT NULL,
    queue text NOT NULL,
    definition text,
    state text NOT NULL CHECK (state IN ('scheduled', 'queued', 'running', 'paused')),
    -- Negated: lower runs first, so that the claim index ascends in every column.
    priority smallint NOT NULL,
    run_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempt integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL,
    crashes integer NOT NULL DEFAULT 0,
    max_crashes integer NOT NULL,
    token uuid,
    worker text,
    started_at timestamptz,
    lease_until timestamptz,
    cancel_requested boolean NOT NULL DEFAULT false,
    expires_at timestamptz,
    unique_key text,
    progress double precision NOT NULL DEFAULT 0,
    progress_message text,
    tags text,
    options text,
    payload text,
    error text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((state = 'running') = (token IS NOT NULL)),
    CHECK ((state = 'running') = (lease_until IS NOT NULL))
) WITH (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000
);

CREATE INDEX ix_rowlock_task_claim
    ON rowlock_task (namespace, queue, priority, run_at, id) WHERE state = 'queued';
CREATE INDEX ix_rowlock_task_due ON rowlock_task (run_at) WHERE state = 'scheduled';
CREATE INDEX ix_rowlock_task_lease ON rowlock_task (lease_until) WHERE state = 'running';
CREATE INDEX ix_rowlock_task_expiry ON rowlock_task (expires_at) WHERE expires_at IS NOT NULL;
CREATE UNIQUE INDEX ix_rowlock_task_unique
    ON rowlock_task (namespace, unique_key) WHERE unique_key IS NOT NULL;

-- Finished tasks, with the last token, so that a repeated settle is recognised.
CREATE TABLE rowlock_history (
    id uuid NOT NULL PRIMARY KEY,
    namespace text NOT NULL,
    queue text NOT NULL,
    definition text,
    state text NOT NULL CHECK (state IN ('succeeded', 'failed', 'canceled', 'expired')),
    priority smallint NOT NULL,
    run_at timestamptz NOT NULL,
    attempt integer NOT NULL,
    max_attempts integer NOT NULL,
    crashes integer NOT NULL,
    max_crashes integer NOT NULL,
    token uuid,
    worker text,
    started_at timestamptz,
    finished_at timestamptz NOT NULL,
    expires_at timestamptz,
    unique_key text,
    progress double precision NOT NULL,
    progress_message text,
    tags text,
    options text,
    payload text,
    result text,
    error text,
    reason text,
    created_at timestamptz NOT NULL,
    deleted_at timestamptz
);

CREATE INDEX ix_rowlock_history_finished ON rowlock_history (namespace, queue, finished_at);

-- Payloads over 2 kB: written once, never moved.
CREATE TABLE rowlock_payload (
    task uuid NOT NULL PRIMARY KEY,
    body text NOT NULL
);

-- Claims that ended without finishing their task; the last run is in the task's own row.
CREATE TABLE rowlock_attempt (
    task uuid NOT NULL,
    token uuid NOT NULL,
    attempt integer NOT NULL,
    worker text,
    started_at timestamptz,
    finished_at timestamptz NOT NULL,
    outcome text NOT NULL,
    error text,
    PRIMARY KEY (task, token)
);

-- One row for each flush of a handler's log lines, a JSON array each.
CREATE TABLE rowlock_log (
    task uuid NOT NULL,
    at timestamptz NOT NULL,
    token uuid NOT NULL,
    lines text NOT NULL,
    PRIMARY KEY (task, at, token)
);

CREATE TABLE rowlock_queue (
    namespace text NOT NULL,
    name text NOT NULL,
    paused boolean NOT NULL DEFAULT false,
    policy text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (namespace, name)
);

CREATE TABLE rowlock_definition (
    namespace text NOT NULL,
    key text NOT NULL,
    alias text NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    queue text NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'canceled')),
    defaults text,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (namespace, key)
);

-- Work that one process of the whole fleet does now and then.
CREATE TABLE rowlock_duty (
    name text NOT NULL PRIMARY KEY,
    next_at timestamptz NOT NULL
);
