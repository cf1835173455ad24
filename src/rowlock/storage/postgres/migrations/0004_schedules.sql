-- Recurring times that enqueue tasks. `due_at` is when to look at one, and null unless it is
-- active; what is written once and read together stands as JSON.
CREATE TABLE rowlock_schedule (
    id uuid NOT NULL PRIMARY KEY,
    namespace text NOT NULL,
    key text NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    status text NOT NULL
        CHECK (status IN ('draft', 'active', 'paused', 'completed', 'canceled')),
    rule text NOT NULL,
    definition text NOT NULL,
    queue text,
    arguments text NOT NULL,
    priority smallint,
    options text NOT NULL,
    starts_at timestamptz,
    ends_at timestamptz,
    max_runs bigint,
    catch_up text NOT NULL CHECK (catch_up IN ('skip', 'latest', 'all')),
    catch_up_limit integer NOT NULL,
    overlap text NOT NULL CHECK (overlap IN ('allow', 'skip', 'queue_one')),
    -- Microseconds.
    jitter bigint NOT NULL,
    runs bigint NOT NULL DEFAULT 0,
    missed bigint NOT NULL DEFAULT 0,
    last_run_at timestamptz,
    last_task uuid,
    next_at timestamptz,
    due_at timestamptz,
    waits boolean NOT NULL DEFAULT false,
    problem text,
    declared text,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    deleted_at timestamptz,
    CHECK (due_at IS NULL OR (status = 'active' AND deleted_at IS NULL))
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX ix_rowlock_schedule_key ON rowlock_schedule (namespace, key);
CREATE INDEX ix_rowlock_schedule_due ON rowlock_schedule (due_at) WHERE due_at IS NOT NULL;

-- What became of an occurrence. The primary key is what makes it happen once.
CREATE TABLE rowlock_firing (
    schedule uuid NOT NULL,
    occurrence timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('fired', 'skipped')),
    at timestamptz NOT NULL,
    task uuid,
    reason text,
    passed bigint NOT NULL,
    PRIMARY KEY (schedule, occurrence)
);

CREATE INDEX ix_rowlock_firing_at ON rowlock_firing (at);
