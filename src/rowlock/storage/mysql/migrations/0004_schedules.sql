-- Every statement can be run again: DDL commits by itself, so a migration that was killed
-- half-way starts over.

-- Recurring times that enqueue tasks. `due_at` is when to look at one, and null unless it is
-- active; what is written once and read together stands as JSON.
CREATE TABLE IF NOT EXISTS rowlock_schedule (
    id binary(16) NOT NULL,
    namespace varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `key` varchar(255) NOT NULL,
    name varchar(255) NOT NULL,
    description longtext NOT NULL,
    status varchar(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    rule longtext NOT NULL,
    definition varchar(255) NOT NULL,
    queue varchar(64) CHARACTER SET ascii COLLATE ascii_bin,
    arguments longtext NOT NULL,
    priority smallint,
    options longtext NOT NULL,
    starts_at datetime(6),
    ends_at datetime(6),
    max_runs bigint,
    catch_up varchar(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    catch_up_limit int NOT NULL,
    overlap varchar(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- Microseconds.
    jitter bigint NOT NULL,
    runs bigint NOT NULL DEFAULT 0,
    missed bigint NOT NULL DEFAULT 0,
    last_run_at datetime(6),
    last_task binary(16),
    next_at datetime(6),
    due_at datetime(6),
    waits tinyint NOT NULL DEFAULT 0,
    problem longtext,
    declared longtext,
    version bigint NOT NULL DEFAULT 1,
    created_at datetime(6) NOT NULL,
    updated_at datetime(6) NOT NULL,
    deleted_at datetime(6),
    PRIMARY KEY (id),
    UNIQUE KEY ix_rowlock_schedule_key (namespace, `key`),
    KEY ix_rowlock_schedule_due (due_at),
    CHECK (status IN ('draft', 'active', 'paused', 'completed', 'canceled')),
    CHECK (catch_up IN ('skip', 'latest', 'all')),
    CHECK (overlap IN ('allow', 'skip', 'queue_one')),
    CHECK (due_at IS NULL OR (status = 'active' AND deleted_at IS NULL))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What became of an occurrence. The primary key is what makes it happen once.
CREATE TABLE IF NOT EXISTS rowlock_firing (
    schedule binary(16) NOT NULL,
    occurrence datetime(6) NOT NULL,
    outcome varchar(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    at datetime(6) NOT NULL,
    task binary(16),
    reason varchar(20) CHARACTER SET ascii COLLATE ascii_bin,
    passed bigint NOT NULL,
    PRIMARY KEY (schedule, occurrence),
    KEY ix_rowlock_firing_at (at),
    CHECK (outcome IN ('fired', 'skipped'))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
