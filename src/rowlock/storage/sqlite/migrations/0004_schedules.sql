-- Recurring times that enqueue tasks. `due_at` is when to look at one, and null unless it is
-- active; what is written once and read together stands as JSON.
CREATE TABLE rowlock_schedule (
    id text NOT NULL PRIMARY KEY,
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
    priority integer,
    options text NOT NULL,
    starts_at integer,
    ends_at integer,
    max_runs integer,
    catch_up text NOT NULL CHECK (catch_up IN ('skip', 'latest', 'all')),
    catch_up_limit integer NOT NULL,
    overlap text NOT NULL CHECK (overlap IN ('allow', 'skip', 'queue_one')),
    jitter integer NOT NULL,
    runs integer NOT NULL DEFAULT 0,
    missed integer NOT NULL DEFAULT 0,
    last_run_at integer,
    last_task text,
    next_at integer,
    due_at integer,
    waits integer NOT NULL DEFAULT 0,
    problem text,
    declared text,
    version integer NOT NULL DEFAULT 1,
    created_at integer NOT NULL,
    updated_at integer NOT NULL,
    deleted_at integer,
    CHECK (due_at IS NULL OR (status = 'active' AND deleted_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX ix_rowlock_schedule_key ON rowlock_schedule (namespace, key);
CREATE INDEX ix_rowlock_schedule_due ON rowlock_schedule (due_at) WHERE due_at IS NOT NULL;

-- What became of an occurrence. The primary key is what makes it happen once.
CREATE TABLE rowlock_firing (
    schedule text NOT NULL,
    occurrence integer NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('fired', 'skipped')),
    at integer NOT NULL,
    task text,
    reason text,
    passed integer NOT NULL,
    PRIMARY KEY (schedule, occurrence)
) STRICT, WITHOUT ROWID;

CREATE INDEX ix_rowlock_firing_at ON rowlock_firing (at);
