-- name: ensure_queue
INSERT INTO rowlock_queue (namespace, name, created_at) VALUES (:namespace, :name, :now)
ON CONFLICT DO NOTHING;

-- name: get_queue
SELECT namespace, name, paused AND (paused_until IS NULL OR paused_until > :now), policy,
    created_at, paused_until, pause_reason
FROM rowlock_queue
WHERE namespace = :namespace AND name = :name;

-- name: lock_queue
SELECT namespace, name, paused AND (paused_until IS NULL OR paused_until > :now), policy,
    created_at, paused_until, pause_reason
FROM rowlock_queue
WHERE namespace = :namespace AND name = :name;

-- name: update_queue
UPDATE rowlock_queue SET policy = :policy WHERE namespace = :namespace AND name = :name;

-- name: pause_queue
UPDATE rowlock_queue
SET paused = :paused, paused_until = :until, pause_reason = :reason
WHERE namespace = :namespace AND name = :name;

-- name: list_queues
SELECT namespace, name, paused AND (paused_until IS NULL OR paused_until > :now), policy,
    created_at, paused_until, pause_reason
FROM rowlock_queue
WHERE :namespace IS NULL OR namespace = :namespace
ORDER BY namespace, name;

-- name: list_namespaces
SELECT DISTINCT namespace FROM rowlock_queue ORDER BY namespace;

-- name: resting_duties
SELECT name FROM rowlock_duty WHERE next_at > :now;

-- name: make_duty
INSERT INTO rowlock_duty (name, next_at)
VALUES (:name, :now) ON CONFLICT DO NOTHING;

-- name: take_duty
UPDATE rowlock_duty SET next_at = :now + :every
WHERE name = :name AND next_at <= :now;

-- name: read_clock
SELECT :now;

-- name: forget_queues
DELETE FROM rowlock_queue WHERE namespace = :namespace;

-- name: forget_definitions
DELETE FROM rowlock_definition WHERE namespace = :namespace;
