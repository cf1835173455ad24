-- name: ensure_queue
INSERT INTO rowlock_queue (namespace, name, created_at)
VALUES (:namespace, :name, COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)))
ON DUPLICATE KEY UPDATE name = rowlock_queue.name;

-- name: get_queue
SELECT namespace, name, paused AND (paused_until IS NULL OR paused_until > UTC_TIMESTAMP(6)),
    policy, created_at, paused_until, pause_reason
FROM rowlock_queue
WHERE namespace = :namespace AND name = :name;

-- name: lock_queue
SELECT namespace, name, paused AND (paused_until IS NULL OR paused_until > UTC_TIMESTAMP(6)),
    policy, created_at, paused_until, pause_reason
FROM rowlock_queue
WHERE namespace = :namespace AND name = :name FOR UPDATE;

-- name: update_queue
UPDATE rowlock_queue SET policy = :policy WHERE namespace = :namespace AND name = :name;

-- name: pause_queue
UPDATE rowlock_queue
SET paused = :paused, paused_until = :until, pause_reason = :reason
WHERE namespace = :namespace AND name = :name;

-- name: list_queues
SELECT namespace, name, paused AND (paused_until IS NULL OR paused_until > UTC_TIMESTAMP(6)),
    policy, created_at, paused_until, pause_reason
FROM rowlock_queue
WHERE :namespace IS NULL OR namespace = :namespace
ORDER BY namespace, name;

-- name: list_namespaces
SELECT DISTINCT namespace FROM rowlock_queue ORDER BY namespace;

-- name: resting_duties
SELECT name FROM rowlock_duty WHERE next_at > COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6));

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
SELECT COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6));

-- name: forget_queues
DELETE FROM rowlock_queue WHERE namespace = :namespace;

-- name: forget_definitions
DELETE FROM rowlock_definition WHERE namespace = :namespace;
