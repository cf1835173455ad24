-- Every statement can be run again: DDL commits by itself, so a migration that was killed
-- half-way starts over.

-- What people did, in the order they did it; nothing updates or deletes these rows.
CREATE TABLE IF NOT EXISTS rowlock_audit (
    id binary(16) NOT NULL,
    namespace varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    at datetime(6) NOT NULL,
    actor varchar(255),
    action varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    kind varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    target varchar(255) NOT NULL,
    reason longtext,
    detail longtext,
    PRIMARY KEY (id),
    KEY ix_rowlock_audit_namespace (namespace, id),
    KEY ix_rowlock_audit_target (namespace, target, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Changes to many tasks: how far each has come, moved by the transaction that makes a batch.
CREATE TABLE IF NOT EXISTS rowlock_operation (
    id binary(16) NOT NULL,
    namespace varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    action varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    filter longtext NOT NULL,
    params longtext NOT NULL,
    state varchar(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- Only tasks with smaller ids are left to do.
    position binary(16) NOT NULL,
    done bigint NOT NULL DEFAULT 0,
    refused longtext NOT NULL,
    actor varchar(255),
    reason longtext,
    created_at datetime(6) NOT NULL,
    updated_at datetime(6) NOT NULL,
    PRIMARY KEY (id),
    KEY ix_rowlock_operation_namespace (namespace, id),
    CHECK (state IN ('running', 'done'))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Paused tasks whose pause has an end.
CREATE TABLE IF NOT EXISTS rowlock_pause (
    task binary(16) NOT NULL,
    until_at datetime(6) NOT NULL,
    PRIMARY KEY (task),
    KEY ix_rowlock_pause_until (until_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- MySQL adds no column IF NOT EXISTS: whether it is there is asked first.
SET @rowlock_change = IF(
    EXISTS (
        SELECT 1 FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'rowlock_queue'
            AND column_name = 'paused_until'),
    'DO 0',
    'ALTER TABLE rowlock_queue
        ADD COLUMN paused_until datetime(6), ADD COLUMN pause_reason longtext');
PREPARE rowlock_change FROM @rowlock_change;
EXECUTE rowlock_change;
DEALLOCATE PREPARE rowlock_change;
