-- name: ensure_queue
INSERT INTO rowlock_queue (namespace, name, created_at)
VALUES (:namespace, :name, coalesce(:now::timestamptz, clock_timestamp())) ON CONFLICT DO NOTHING;

-- name: get_queue
SELECT namespace, name, paused AND (paused_until IS NULL OR paused_until > clock_timestamp()),
    policy, created_at, paused_until, pause_reason
FROM rowlock_queue
WHERE namespace = :namespace AND name = :name;

-- name: lock_queue
SELECT namespace, name, paused AND (paused_until IS NULL OR paused_until > clock_timestamp()),
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
SELECT namespace, name, paused AND (paused_until IS NULL OR paused_until > clock_timestamp()),
    policy, created_at, paused_until, pause_reason
FROM rowlock_queue
WHERE :namespace::text IS NULL OR namespace = :namespace
ORDER BY namespace, name;

-- name: list_namespaces
SELECT DISTINCT namespace FROM rowlock_queue ORDER BY namespace;

-- name: resting_duties
SELECT name FROM rowlock_duty WHERE next_at > coalesce(:now::timestamptz, clock_timestamp());

-- name: make_duty
INSERT INTO rowlock_duty (name, next_at)
VALUES (:name, coalesce(:now::timestamptz, clock_timestamp())) ON CONFLICT DO NOTHING;

-- name: take_duty
UPDATE rowlock_duty SET next_at = coalesce(:now::timestamptz, clock_timestamp()) + :every
WHERE name = :name AND next_at <= coalesce(:now::timestamptz, clock_timestamp());

-- name: read_clock
SELECT coalesce(:now::timestamptz, clock_timestamp());

-- name: forget_queues
DELETE FROM rowlock_queue WHERE namespace = :namespace;

-- name: forget_definitions
DELETE FROM rowlock_definition WHERE namespace = :namespace;
