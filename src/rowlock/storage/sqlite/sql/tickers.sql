-- name: insert_ticker
INSERT INTO rowlock_ticker (
    namespace, name, id, interval_us, payload, queue, next_tick_at, due_at, next_task_at,
    created_at, updated_at)
VALUES (
    :namespace, :name, :id, :interval, :payload, :queue, :next_tick, :next_tick, :next_task,
    :now, :now)
ON CONFLICT DO NOTHING;

-- name: get_ticker
SELECT namespace, name, id, interval_us, payload, queue, last_tick_at, next_tick_at,
    last_task_at, next_task_at, due_at, token, missed, attempt, created_at, updated_at
FROM rowlock_ticker WHERE namespace = :namespace AND name = :name;

-- name: lock_ticker
SELECT namespace, name, id, interval_us, payload, queue, last_tick_at, next_tick_at,
    last_task_at, next_task_at, due_at, token, missed, attempt, created_at, updated_at, :now
FROM rowlock_ticker WHERE namespace = :namespace AND name = :name;

-- name: update_ticker
UPDATE rowlock_ticker
SET interval_us = :interval, payload = :payload, queue = :queue, next_tick_at = :next_tick,
    next_task_at = :next_task, due_at = :due, token = :token, updated_at = :now
WHERE namespace = :namespace AND name = :name;

-- name: remove_ticker
DELETE FROM rowlock_ticker WHERE namespace = :namespace AND name = :name AND id = :id;

-- name: list_tickers
SELECT namespace, name, id, interval_us, payload, queue, last_tick_at, next_tick_at,
    last_task_at, next_task_at, due_at, token, missed, attempt, created_at, updated_at
FROM rowlock_ticker
WHERE namespace = :namespace
ORDER BY name
LIMIT :limit OFFSET :offset;

-- name: count_tickers
SELECT count(*) FROM rowlock_ticker WHERE namespace = :namespace;

-- name: upcoming_ticks
SELECT namespace, name, due_at, :now
FROM rowlock_ticker
WHERE namespace = :namespace AND due_at IS NOT NULL
ORDER BY due_at
LIMIT :limit;

-- name: upcoming_ticks_named
-- By primary key: those that nobody handles stay due, and are not walked over each time.
SELECT t.namespace, t.name, t.due_at, :now
FROM json_each(:ids) AS v CROSS JOIN rowlock_ticker AS t
WHERE t.namespace = :namespace AND t.name = v.value AND t.due_at IS NOT NULL
ORDER BY t.due_at
LIMIT :limit;

-- name: take_tick
UPDATE rowlock_ticker
SET last_tick_at = :at, next_tick_at = :next, missed = :missed, attempt = :attempt,
    token = :token, due_at = :until
WHERE namespace = :namespace AND name = :name AND due_at = :seen AND token IS :held;

-- name: renew_tick
UPDATE rowlock_ticker SET due_at = :now + :lease
WHERE namespace = :namespace AND name = :name AND token = :token;

-- name: is_tick_held
SELECT count(*) FROM rowlock_ticker
WHERE namespace = :namespace AND name = :name AND token = :token;

-- name: confirm_tick
UPDATE rowlock_ticker SET due_at = next_tick_at, token = NULL
WHERE namespace = :namespace AND name = :name AND token = :token;

-- name: upcoming_tasks
SELECT namespace, name, next_task_at, :now
FROM rowlock_ticker
WHERE next_task_at IS NOT NULL
ORDER BY next_task_at
LIMIT :limit;

-- name: move_task_cursor
UPDATE rowlock_ticker SET last_task_at = :at, next_task_at = :next
WHERE namespace = :namespace AND name = :name AND next_task_at = :seen;
