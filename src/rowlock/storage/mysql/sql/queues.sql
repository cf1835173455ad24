-- name: ensure_queue
INSERT INTO rowlock_queue (namespace, name, created_at)
VALUES (:namespace, :name, UTC_TIMESTAMP(6))
ON DUPLICATE KEY UPDATE name = rowlock_queue.name;

-- name: get_queue
SELECT namespace, name, paused, policy, created_at FROM rowlock_queue
WHERE namespace = :namespace AND name = :name;

-- name: lock_queue
SELECT namespace, name, paused, policy, created_at FROM rowlock_queue
WHERE namespace = :namespace AND name = :name FOR UPDATE;

-- name: update_queue
UPDATE rowlock_queue SET policy = :policy WHERE namespace = :namespace AND name = :name;

-- name: pause_queue
UPDATE rowlock_queue SET paused = :paused WHERE namespace = :namespace AND name = :name;

-- name: list_queues
SELECT namespace, name, paused, policy, created_at FROM rowlock_queue
WHERE :namespace IS NULL OR namespace = :namespace
ORDER BY namespace, name;

-- name: put_definition
-- A row that is equal already is not written. Assignments run from left to right: the time
-- is decided while the other columns are still the old ones.
INSERT INTO rowlock_definition (
    namespace, `key`, alias, title, description, queue, status, defaults, updated_at)
VALUES (
    :namespace, :key, :alias, :title, :description, :queue, 'active', :defaults,
    UTC_TIMESTAMP(6))
ON DUPLICATE KEY UPDATE
    updated_at = CASE
        WHEN alias = :alias AND title = :title AND description = :description
            AND queue = :queue AND defaults <=> :defaults THEN updated_at
        ELSE UTC_TIMESTAMP(6) END,
    alias = :alias, title = :title, description = :description, queue = :queue,
    defaults = :defaults;

-- name: get_definition
SELECT alias, `key`, title, description, queue, status, defaults FROM rowlock_definition
WHERE namespace = :namespace AND `key` = :key;

-- name: list_definitions
SELECT alias, `key`, title, description, queue, status, defaults FROM rowlock_definition
WHERE namespace = :namespace ORDER BY alias;

-- name: make_duty
-- Counts 1 when the row is new and 0 when it was there.
INSERT INTO rowlock_duty (name, next_at)
VALUES (:name, COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)))
ON DUPLICATE KEY UPDATE name = rowlock_duty.name;

-- name: take_duty
-- The time always moves, so the row that matches is a row that changes, and counts.
UPDATE rowlock_duty
SET next_at = COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) + INTERVAL :every MICROSECOND
WHERE name = :name AND next_at <= COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6));

-- name: read_clock
SELECT UTC_TIMESTAMP(6);
