-- name: lock_live
-- One writer at a time: BEGIN IMMEDIATE is the lock.
SELECT id, queue, CASE WHEN token IS NULL AND expires_at <= :now THEN 'expired' ELSE state END
FROM rowlock_task
WHERE id IN (SELECT value FROM json_each(:ids)) AND +namespace = :namespace;

-- name: lock_final
SELECT id, queue, state, deleted_at IS NOT NULL
FROM rowlock_history
WHERE id IN (SELECT value FROM json_each(:ids)) AND +namespace = :namespace;

-- name: bury_live
-- The token is left behind: whoever holds a running task can settle nothing any more.
INSERT INTO rowlock_history (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts, crashes,
    max_crashes, worker, started_at, finished_at, expires_at, unique_key, progress,
    progress_message, tags, options, payload, error, reason, created_at, deleted_at)
SELECT id, namespace, queue, definition, 'canceled', priority, run_at, attempt, max_attempts,
    crashes, max_crashes, worker, started_at, :now, expires_at, unique_key, progress,
    progress_message, tags, options, payload, error, :reason, created_at,
    CASE WHEN :deleted THEN :now END
FROM rowlock_task WHERE id IN (SELECT value FROM json_each(:ids));

-- name: ask_to_cancel
UPDATE rowlock_task SET cancel_requested = 1
WHERE id IN (SELECT value FROM json_each(:ids));

-- name: insert_again
-- Tasks whose unique key another one holds are left out.
INSERT INTO rowlock_task (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts,
    max_crashes, unique_key, tags, options, payload, error, created_at)
SELECT id, namespace, queue, definition, 'queued', priority, :now, attempt, attempt + :attempts,
    max_crashes, unique_key, tags, options, payload, error, created_at
FROM rowlock_history WHERE id IN (SELECT value FROM json_each(:ids))
ON CONFLICT DO NOTHING;

-- name: read_live
SELECT id FROM rowlock_task WHERE id IN (SELECT value FROM json_each(:ids));

-- name: record_last_runs
-- A task that crashed to its end has no token left; the record needs a key.
INSERT INTO rowlock_attempt (task, token, attempt, worker, started_at, finished_at, outcome, error)
SELECT id, coalesce(token, lower(hex(randomblob(16)))), attempt, worker, started_at, finished_at,
    CASE WHEN state = 'succeeded' THEN 'retried' ELSE state END, error
FROM rowlock_history
WHERE id IN (SELECT value FROM json_each(:ids)) AND started_at IS NOT NULL
ON CONFLICT DO NOTHING;

-- name: pause_tasks
-- Why and until when stand among the task's options, which no claim has to look at.
UPDATE rowlock_task
SET state = 'paused',
    options = nullif(json_patch(coalesce(options, '{}'), :pause), '{}')
WHERE id IN (SELECT value FROM json_each(:ids));

-- name: resume_tasks
UPDATE rowlock_task
SET state = CASE WHEN run_at > :now THEN 'scheduled' ELSE 'queued' END,
    options = nullif(json_remove(options, '$.pause'), '{}')
WHERE id IN (SELECT value FROM json_each(:ids));

-- name: end_pauses_at
INSERT INTO rowlock_pause (task, until_at)
SELECT value, :until FROM json_each(:ids)
WHERE true
ON CONFLICT (task) DO UPDATE SET until_at = excluded.until_at;

-- name: forget_pauses
DELETE FROM rowlock_pause WHERE task IN (SELECT value FROM json_each(:ids));

-- name: lock_ended_pauses
SELECT p.task, t.namespace, t.queue, coalesce(t.state = 'paused', 0)
FROM (
    SELECT task FROM rowlock_pause WHERE until_at <= :now ORDER BY until_at LIMIT :limit) AS p
LEFT JOIN rowlock_task AS t ON t.id = p.task;

-- name: shift_expiry
-- What is due later also expires later.
UPDATE rowlock_task SET expires_at = expires_at + (:run_at - run_at)
WHERE id IN (SELECT value FROM json_each(:ids)) AND expires_at IS NOT NULL;

-- name: edit_tasks
UPDATE rowlock_task
SET priority = coalesce(:priority, priority),
    max_attempts = coalesce(:max_attempts, max_attempts),
    tags = CASE WHEN :tags IS NULL THEN tags ELSE nullif(:tags, '[]') END,
    state = CASE
        WHEN :run_at IS NULL OR state = 'paused' THEN state
        WHEN :run_at > :now THEN 'scheduled'
        ELSE 'queued' END,
    run_at = coalesce(:run_at, run_at)
WHERE id IN (SELECT value FROM json_each(:ids));

-- name: read_contents
SELECT t.id, t.definition, coalesce(t.payload, p.body), t.unique_key
FROM rowlock_task AS t
LEFT JOIN rowlock_payload AS p ON p.task = t.id
WHERE t.id IN (SELECT value FROM json_each(:ids));

-- name: find_unique_holders
SELECT unique_key, id FROM rowlock_task
WHERE namespace = :namespace
    AND unique_key IN (SELECT value FROM json_each(:ids));

-- name: edit_contents
UPDATE rowlock_task
SET payload = v.payload, unique_key = v.unique_key
FROM (
    SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS payload,
        json_extract(value, '$[2]') AS unique_key
    FROM json_each(:batch) LIMIT -1) AS v
WHERE rowlock_task.id = v.id;

-- name: stamp_deleted
UPDATE rowlock_history SET deleted_at = :now WHERE id IN (SELECT value FROM json_each(:ids));

-- name: unstamp_deleted
UPDATE rowlock_history SET deleted_at = NULL WHERE id IN (SELECT value FROM json_each(:ids));

-- name: lock_aged
-- What an earlier batch left standing lies before `since` and is not looked at again.
SELECT id, finished_at FROM rowlock_history
WHERE namespace = :namespace AND queue = :queue
    AND finished_at < :now - :older_than
    AND finished_at >= coalesce(:since, 0)
    AND state IN (SELECT value FROM json_each(:states))
ORDER BY finished_at LIMIT :limit;
