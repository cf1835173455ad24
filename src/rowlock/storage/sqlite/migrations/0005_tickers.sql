-- Stored intervals. Listeners and the queue have a cursor each, on one grid.
CREATE TABLE rowlock_ticker (
    namespace text NOT NULL,
    name text NOT NULL,
    id text NOT NULL,
    -- In microseconds; null does not tick.
    interval_us integer,
    payload text NOT NULL,
    queue text,
    last_tick_at integer,
    next_tick_at integer,
    -- When a listener may take a tick: the next one, or the end of the lease on the last.
    due_at integer,
    -- Non-null exactly while a listener holds the last tick.
    token text,
    missed integer NOT NULL DEFAULT 0,
    attempt integer NOT NULL DEFAULT 0,
    last_task_at integer,
    next_task_at integer,
    created_at integer NOT NULL,
    updated_at integer NOT NULL,
    PRIMARY KEY (namespace, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX ix_rowlock_ticker_due ON rowlock_ticker (namespace, due_at);
CREATE INDEX ix_rowlock_ticker_task ON rowlock_ticker (next_task_at);
