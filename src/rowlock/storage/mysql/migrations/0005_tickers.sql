-- Stored intervals. Listeners and the queue have a cursor each, on one grid.
CREATE TABLE IF NOT EXISTS rowlock_ticker (
    namespace varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    name varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    id binary(16) NOT NULL,
    -- In microseconds; null does not tick.
    interval_us bigint,
    payload longtext NOT NULL,
    queue varchar(64) CHARACTER SET ascii COLLATE ascii_bin,
    last_tick_at datetime(6),
    next_tick_at datetime(6),
    -- When a listener may take a tick: the next one, or the end of the lease on the last.
    due_at datetime(6),
    -- Non-null exactly while a listener holds the last tick.
    token binary(16),
    missed bigint NOT NULL DEFAULT 0,
    attempt bigint NOT NULL DEFAULT 0,
    last_task_at datetime(6),
    next_task_at datetime(6),
    created_at datetime(6) NOT NULL,
    updated_at datetime(6) NOT NULL,
    PRIMARY KEY (namespace, name),
    KEY ix_rowlock_ticker_due (namespace, due_at),
    KEY ix_rowlock_ticker_task (next_task_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
