-- Stored intervals. Listeners and the queue have a cursor each, on one grid.
CREATE TABLE rowlock_ticker (
    namespace text NOT NULL,
    -- In the order of bytes, in which they are listed, too.
    name text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    -- In microseconds; null does not tick.
    interval_us bigint,
    payload text NOT NULL,
    queue text,
    last_tick_at timestamptz,
    next_tick_at timestamptz,
    -- When a listener may take a tick: the next one, or the end of the lease on the last.
    due_at timestamptz,
    -- Non-null exactly while a listener holds the last tick.
    token uuid,
    missed bigint NOT NULL DEFAULT 0,
    attempt bigint NOT NULL DEFAULT 0,
    last_task_at timestamptz,
    next_task_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (namespace, name)
);

CREATE INDEX ix_rowlock_ticker_due ON rowlock_ticker (namespace, due_at);
CREATE INDEX ix_rowlock_ticker_task ON rowlock_ticker (next_task_at);
