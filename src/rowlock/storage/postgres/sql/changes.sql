-- name: lock_live
-- In the order of ids, so that two changes of the same tasks wait for each other.
SELECT id, queue,
    CASE
        WHEN token IS NULL
            AND expires_at <= coalesce(:now::timestamptz, clock_timestamp()) THEN 'expired'
        ELSE state END
FROM rowlock_task
WHERE id = ANY (:ids::uuid[]) AND namespace = :namespace
ORDER BY id
FOR UPDATE;

-- name: lock_final
SELECT id, queue, state, deleted_at IS NOT NULL
FROM rowlock_history
WHERE id = ANY (:ids::uuid[]) AND namespace = :namespace
ORDER BY id
FOR UPDATE;

-- name: bury_live
-- The token is left behind: whoever holds a running task can settle nothing any more.
INSERT INTO rowlock_history (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts, crashes,
    max_crashes, worker, started_at, finished_at, expires_at, unique_key, progress,
    progress_message, tags, options, payload, error, reason, created_at, deleted_at)
SELECT id, namespace, queue, definition, 'canceled', priority, run_at, attempt, max_attempts,
    crashes, max_crashes, worker, started_at, coalesce(:now::timestamptz, clock_timestamp()),
    expires_at, unique_key, progress, progress_message, tags, options, payload, error, :reason,
    created_at,
    CASE WHEN :deleted::boolean THEN coalesce(:now::timestamptz, clock_timestamp()) END
FROM rowlock_task WHERE id = ANY (:ids::uuid[]);

-- name: delete_tasks
DELETE FROM rowlock_task WHERE id = ANY (:ids::uuid[]);

-- name: ask_to_cancel
UPDATE rowlock_task SET cancel_requested = true WHERE id = ANY (:ids::uuid[]);

-- name: insert_again
-- Tasks whose unique key another one holds are left out.
INSERT INTO rowlock_task (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts,
    max_crashes, unique_key, tags, options, payload, error, created_at)
SELECT id, namespace, queue, definition, 'queued', priority,
    coalesce(:now::timestamptz, clock_timestamp()), attempt, attempt + :attempts, max_crashes,
    unique_key, tags, options, payload, error, created_at
FROM rowlock_history WHERE id = ANY (:ids::uuid[])
ON CONFLICT DO NOTHING;

-- name: read_live
SELECT id FROM rowlock_task WHERE id = ANY (:ids::uuid[]);

-- name: record_last_runs
-- A task that crashed to its end has no token left; the record needs a key.
INSERT INTO rowlock_attempt (
    task, token, attempt, worker, started_at, finished_at, outcome, error)
SELECT id, coalesce(token, gen_random_uuid()), attempt, worker, started_at, finished_at,
    CASE WHEN state = 'succeeded' THEN 'retried' ELSE state END, error
FROM rowlock_history WHERE id = ANY (:ids::uuid[]) AND started_at IS NOT NULL
ON CONFLICT DO NOTHING;

-- name: pause_tasks
-- Why and until when stand among the task's options, which no claim has to look at.
UPDATE rowlock_task
SET state = 'paused',
    options = nullif(
        jsonb_strip_nulls(coalesce(options, '{}')::jsonb || :pause::jsonb), '{}')::text
WHERE id = ANY (:ids::uuid[]);

-- name: resume_tasks
UPDATE rowlock_task
SET state = CASE
        WHEN run_at > coalesce(:now::timestamptz, clock_timestamp()) THEN 'scheduled'
        ELSE 'queued' END,
    options = nullif(options::jsonb - 'pause', '{}')::text
WHERE id = ANY (:ids::uuid[]);

-- name: end_pauses_at
INSERT INTO rowlock_pause (task, until_at)
SELECT id, :until FROM unnest(:ids::uuid[]) AS v (id)
ON CONFLICT (task) DO UPDATE SET until_at = excluded.until_at;

-- name: forget_pauses
DELETE FROM rowlock_pause WHERE task = ANY (:ids::uuid[]);

-- name: lock_ended_pauses
SELECT p.task, t.namespace, t.queue, coalesce(t.state = 'paused', false)
FROM (
    SELECT task FROM rowlock_pause
    WHERE until_at <= (SELECT coalesce(:now::timestamptz, clock_timestamp()))
    ORDER BY until_at LIMIT :limit
    FOR UPDATE SKIP LOCKED) AS p
LEFT JOIN LATERAL (
    SELECT namespace, queue, state FROM rowlock_task WHERE id = p.task FOR UPDATE) AS t ON true;

-- name: shift_expiry
-- What is due later also expires later.
UPDATE rowlock_task SET expires_at = expires_at + (:run_at::timestamptz - run_at)
WHERE id = ANY (:ids::uuid[]) AND expires_at IS NOT NULL;

-- name: edit_tasks
UPDATE rowlock_task
SET priority = coalesce(:priority::smallint, priority),
    max_attempts = coalesce(:max_attempts::integer, max_attempts),
    tags = CASE WHEN :tags::text IS NULL THEN tags ELSE nullif(:tags::text, '[]') END,
    state = CASE
        WHEN :run_at::timestamptz IS NULL OR state = 'paused' THEN state
        WHEN :run_at::timestamptz > coalesce(:now::timestamptz, clock_timestamp()) THEN 'scheduled'
        ELSE 'queued' END,
    run_at = coalesce(:run_at::timestamptz, run_at)
WHERE id = ANY (:ids::uuid[]);

-- name: read_contents
SELECT t.id, t.definition,
    coalesce(t.payload, (SELECT p.body FROM rowlock_payload AS p WHERE p.task = t.id)),
    t.unique_key
FROM rowlock_task AS t
WHERE t.id = ANY (:ids::uuid[]);

-- name: find_unique_holders
SELECT unique_key, id FROM rowlock_task
WHERE namespace = :namespace AND unique_key = ANY (:keys::text[]);

-- name: edit_contents
-- By the primary key alone: as a join it could be turned around into a scan of the table.
UPDATE rowlock_task AS t
SET (payload, unique_key) = (
    SELECT u.payload, u.unique_key
    FROM unnest(:ids::uuid[], :payloads::text[], :unique_keys::text[])
        AS u (id, payload, unique_key)
    WHERE u.id = t.id)
WHERE t.id = ANY (:ids::uuid[]);

-- name: stamp_deleted
UPDATE rowlock_history SET deleted_at = coalesce(:now::timestamptz, clock_timestamp())
WHERE id = ANY (:ids::uuid[]);

-- name: unstamp_deleted
UPDATE rowlock_history SET deleted_at = NULL WHERE id = ANY (:ids::uuid[]);

-- name: delete_attempts
DELETE FROM rowlock_attempt WHERE task = ANY (:ids::uuid[]);

-- name: delete_log
DELETE FROM rowlock_log WHERE task = ANY (:ids::uuid[]);

-- name: delete_payloads
DELETE FROM rowlock_payload WHERE task = ANY (:ids::uuid[]);

-- name: delete_history
DELETE FROM rowlock_history WHERE id = ANY (:ids::uuid[]);

-- name: lock_aged
-- What an earlier batch left standing lies before `since` and is not looked at again.
SELECT id, finished_at FROM rowlock_history
WHERE namespace = :namespace AND queue = :queue
    AND finished_at < (SELECT coalesce(:now::timestamptz, clock_timestamp()) - :older_than::interval)
    AND (:since::timestamptz IS NULL OR finished_at >= :since::timestamptz)
    AND state = ANY (:states::text[])
ORDER BY finished_at LIMIT :limit
FOR UPDATE SKIP LOCKED;
