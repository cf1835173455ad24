-- Every statement can be run again: DDL commits by itself, so a migration that was killed
-- half-way starts over. Times are in UTC; text is compared character by character.

-- Only unfinished tasks. A token is present exactly while a task runs: it is the guard of
-- every write that a worker makes. The row leaves when the task is final, so a plain unique
-- index over the nullable key holds for live tasks alone.
CREATE TABLE IF NOT EXISTS rowlock_task (
    id binary(16) NOT NULL,
    namespace varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    queue varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    definition varchar(255),
    state varchar(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- Negated: lower runs first, so that the claim index ascends in every column.
    priority smallint NOT NULL,
    run_at datetime(6) NOT NULL,
    attempt int NOT NULL DEFAULT 0,
    max_attempts int NOT NULL,
    crashes int NOT NULL DEFAULT 0,
    max_crashes int NOT NULL,
    token binary(16),
    worker varchar(255),
    started_at datetime(6),
    lease_until datetime(6),
    cancel_requested tinyint NOT NULL DEFAULT 0,
    expires_at datetime(6),
    -- UTF-8; the collations that both engines know take a trailing space for nothing.
    unique_key varbinary(1020),
    -- Stamped by an enqueue that met this row instead of storing its own: without RETURNING
    -- nothing else tells the two apart.
    clash binary(16),
    progress double NOT NULL DEFAULT 0,
    progress_message longtext,
    tags longtext,
    options longtext,
    payload longtext,
    error longtext,
    created_at datetime(6) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY ix_rowlock_task_unique (namespace, unique_key),
    KEY ix_rowlock_task_claim (namespace, queue, state, priority, run_at, id),
    -- Also finds what runs: an index of leases would be written twice by every heartbeat, and
    -- no index is partial here, so that each costs every task.
    KEY ix_rowlock_task_due (state, run_at),
    KEY ix_rowlock_task_expiry (expires_at),
    CHECK (state IN ('scheduled', 'queued', 'running', 'paused')),
    CHECK ((state = 'running') = (token IS NOT NULL)),
    CHECK ((state = 'running') = (lease_until IS NOT NULL))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Finished tasks, with the last token, so that a repeated settle is recognised.
CREATE TABLE IF NOT EXISTS rowlock_history (
    id binary(16) NOT NULL,
    namespace varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    queue varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    definition varchar(255),
    state varchar(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    priority smallint NOT NULL,
    run_at datetime(6) NOT NULL,
    attempt int NOT NULL,
    max_attempts int NOT NULL,
    crashes int NOT NULL,
    max_crashes int NOT NULL,
    token binary(16),
    worker varchar(255),
    started_at datetime(6),
    finished_at datetime(6) NOT NULL,
    expires_at datetime(6),
    unique_key varchar(255),
    progress double NOT NULL,
    progress_message longtext,
    tags longtext,
    options longtext,
    payload longtext,
    result longtext,
    error longtext,
    reason longtext,
    created_at datetime(6) NOT NULL,
    deleted_at datetime(6),
    PRIMARY KEY (id),
    KEY ix_rowlock_history_finished (namespace, queue, finished_at),
    CHECK (state IN ('succeeded', 'failed', 'canceled', 'expired'))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Payloads over 2 kB: written once, never moved.
CREATE TABLE IF NOT EXISTS rowlock_payload (
    task binary(16) NOT NULL,
    body longtext NOT NULL,
    PRIMARY KEY (task)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Claims that ended without finishing their task; the last run is in the task's own row.
CREATE TABLE IF NOT EXISTS rowlock_attempt (
    task binary(16) NOT NULL,
    token binary(16) NOT NULL,
    attempt int NOT NULL,
    worker varchar(255),
    started_at datetime(6),
    finished_at datetime(6) NOT NULL,
    outcome varchar(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    error longtext,
    PRIMARY KEY (task, token)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row for each flush of a handler's log lines, a JSON array each.
CREATE TABLE IF NOT EXISTS rowlock_log (
    task binary(16) NOT NULL,
    at datetime(6) NOT NULL,
    token binary(16) NOT NULL,
    `lines` longtext NOT NULL,
    PRIMARY KEY (task, at, token)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS rowlock_queue (
    namespace varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    name varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    paused tinyint NOT NULL DEFAULT 0,
    policy longtext,
    created_at datetime(6) NOT NULL,
    PRIMARY KEY (namespace, name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS rowlock_definition (
    namespace varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `key` varchar(255) NOT NULL,
    alias varchar(255) NOT NULL,
    title longtext NOT NULL,
    description longtext NOT NULL,
    queue varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status varchar(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    defaults longtext,
    updated_at datetime(6) NOT NULL,
    PRIMARY KEY (namespace, `key`),
    CHECK (status IN ('active', 'canceled'))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Work that one process of the whole fleet does now and then.
CREATE TABLE IF NOT EXISTS rowlock_duty (
    name varchar(255) NOT NULL,
    next_at datetime(6) NOT NULL,
    PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
