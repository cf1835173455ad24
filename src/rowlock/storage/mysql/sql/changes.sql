-- name: lock_live
-- The batch comes in the order of ids, and so the locks are taken.
SELECT t.id, t.queue,
    CASE
        WHEN t.token IS NULL
            AND t.expires_at <= COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
            THEN 'expired'
        ELSE t.state END
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
WHERE t.namespace = :namespace
FOR UPDATE;

-- name: lock_final
SELECT h.id, h.queue, h.state, h.deleted_at IS NOT NULL
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_history AS h FORCE INDEX (PRIMARY) ON h.id = UNHEX(v.id)
WHERE h.namespace = :namespace
FOR UPDATE;

-- name: bury_live
-- The token is left behind: whoever holds a running task can settle nothing any more.
INSERT INTO rowlock_history (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts, crashes,
    max_crashes, worker, started_at, finished_at, expires_at, unique_key, progress,
    progress_message, tags, options, payload, error, reason, created_at, deleted_at)
SELECT t.id, t.namespace, t.queue, t.definition, 'canceled', t.priority, t.run_at, t.attempt,
    t.max_attempts, t.crashes, t.max_crashes, t.worker, t.started_at,
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)), t.expires_at,
    CONVERT(t.unique_key USING utf8mb4), t.progress, t.progress_message, t.tags, t.options,
    t.payload, t.error, :reason, t.created_at,
    CASE WHEN :deleted THEN COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) END
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id);

-- name: ask_to_cancel
UPDATE JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
SET t.cancel_requested = 1;

-- name: insert_again
-- Tasks whose unique key another one holds are left out.
INSERT INTO rowlock_task (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts,
    max_crashes, unique_key, tags, options, payload, error, created_at)
SELECT h.id, h.namespace, h.queue, h.definition, 'queued', h.priority,
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)), h.attempt, h.attempt + :attempts,
    h.max_crashes, h.unique_key, h.tags, h.options, h.payload, h.error, h.created_at
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_history AS h FORCE INDEX (PRIMARY) ON h.id = UNHEX(v.id)
ON DUPLICATE KEY UPDATE id = rowlock_task.id;

-- name: read_live
SELECT t.id
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id);

-- name: record_last_runs
-- A task that crashed to its end has no token left; the record needs a key.
INSERT INTO rowlock_attempt (task, token, attempt, worker, started_at, finished_at, outcome, error)
SELECT h.id, COALESCE(h.token, UNHEX(REPLACE(UUID(), '-', ''))), h.attempt, h.worker,
    h.started_at, h.finished_at,
    CASE WHEN h.state = 'succeeded' THEN 'retried' ELSE h.state END, h.error
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_history AS h FORCE INDEX (PRIMARY) ON h.id = UNHEX(v.id)
WHERE h.started_at IS NOT NULL
ON DUPLICATE KEY UPDATE task = rowlock_attempt.task;

-- name: pause_tasks
-- Why and until when stand among the task's options, which no claim has to look at.
UPDATE JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
SET t.state = 'paused',
    t.options = NULLIF(
        CAST(JSON_MERGE_PATCH(COALESCE(t.options, '{}'), :pause) AS CHAR), '{}');

-- name: resume_tasks
UPDATE JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
SET t.state = CASE
        WHEN t.run_at > COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) THEN 'scheduled'
        ELSE 'queued' END,
    t.options = NULLIF(CAST(JSON_REMOVE(t.options, '$.pause') AS CHAR), '{}');

-- name: end_pauses_at
INSERT INTO rowlock_pause (task, until_at)
SELECT UNHEX(v.id), CAST(:until AS DATETIME(6))
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
ON DUPLICATE KEY UPDATE until_at = CAST(:until AS DATETIME(6));

-- name: forget_pauses
DELETE p
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_pause AS p FORCE INDEX (PRIMARY) ON p.task = UNHEX(v.id);

-- name: lock_ended_pauses
SELECT p.task, t.namespace, t.queue, COALESCE(t.state = 'paused', 0)
FROM rowlock_pause AS p FORCE INDEX (ix_rowlock_pause_until)
LEFT JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = p.task
WHERE p.until_at <= COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
ORDER BY p.until_at LIMIT :limit
FOR UPDATE;

-- name: shift_expiry
-- What is due later also expires later. A statement of its own: the order of assignments is
-- not promised where tables are joined.
UPDATE JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
SET t.expires_at = t.expires_at
    + INTERVAL TIMESTAMPDIFF(MICROSECOND, t.run_at, CAST(:run_at AS DATETIME(6))) MICROSECOND
WHERE t.expires_at IS NOT NULL;

-- name: edit_tasks
UPDATE JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
SET t.priority = COALESCE(:priority, t.priority),
    t.max_attempts = COALESCE(:max_attempts, t.max_attempts),
    t.tags = CASE WHEN :tags IS NULL THEN t.tags ELSE NULLIF(:tags, '[]') END,
    t.state = CASE
        WHEN :run_at IS NULL OR t.state = 'paused' THEN t.state
        WHEN CAST(:run_at AS DATETIME(6)) > COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
            THEN 'scheduled'
        ELSE 'queued' END,
    t.run_at = COALESCE(CAST(:run_at AS DATETIME(6)), t.run_at);

-- name: read_contents
SELECT t.id, t.definition, COALESCE(t.payload, p.body), CONVERT(t.unique_key USING utf8mb4)
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
LEFT JOIN rowlock_payload AS p ON p.task = t.id;

-- name: find_unique_holders
SELECT v.unique_key, t.id
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    unique_key longtext CHARACTER SET utf8mb4 PATH '$.keys')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (ix_rowlock_task_unique)
    ON t.namespace = :namespace AND t.unique_key = CAST(v.unique_key AS BINARY);

-- name: edit_contents
UPDATE JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.ids',
    payload longtext CHARACTER SET utf8mb4 PATH '$.payloads',
    unique_key longtext CHARACTER SET utf8mb4 PATH '$.unique_keys')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
SET t.payload = v.payload, t.unique_key = v.unique_key;

-- name: stamp_deleted
UPDATE JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_history AS h FORCE INDEX (PRIMARY) ON h.id = UNHEX(v.id)
SET h.deleted_at = COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6));

-- name: unstamp_deleted
UPDATE JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_history AS h FORCE INDEX (PRIMARY) ON h.id = UNHEX(v.id)
SET h.deleted_at = NULL;

-- name: lock_aged
-- What an earlier batch left standing lies before `since` and is not looked at again.
SELECT id, finished_at FROM rowlock_history FORCE INDEX (ix_rowlock_history_finished)
WHERE namespace = :namespace AND queue = :queue AND finished_at
    < COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) - INTERVAL :older_than MICROSECOND
    AND (:since IS NULL OR finished_at >= CAST(:since AS DATETIME(6)))
    AND LOCATE(CONCAT('\n', state, '\n'), :states) > 0
ORDER BY finished_at LIMIT :limit
FOR UPDATE SKIP LOCKED;
