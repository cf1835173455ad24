-- name: mark_deleting
UPDATE rowlock_queue
SET deleting_at = COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)), paused = 1,
    paused_until = NULL, pause_reason = :reason
WHERE namespace = :namespace AND name = :queue;

-- name: list_deletions
SELECT namespace, name, deleting_at FROM rowlock_queue
WHERE deleting_at IS NOT NULL
    AND (:namespace IS NULL OR namespace = :namespace AND name = :queue)
ORDER BY namespace, name;

-- name: lock_running_of
SELECT id FROM rowlock_task FORCE INDEX (ix_rowlock_task_claim)
WHERE namespace = :namespace AND queue = :queue AND state = 'running'
ORDER BY id
FOR UPDATE;

-- name: lock_doomed_live
-- Along the primary key, from where the last batch ended, so that the table is walked through
-- once; the index of the line would be sorted for each batch.
SELECT id FROM rowlock_task FORCE INDEX (PRIMARY)
WHERE id > COALESCE(:after, '')
    AND namespace = :namespace AND queue = :queue AND token IS NULL AND created_at <= :before
ORDER BY id LIMIT :limit
FOR UPDATE SKIP LOCKED;

-- name: lock_doomed_final
SELECT id FROM rowlock_history FORCE INDEX (ix_rowlock_history_finished)
WHERE namespace = :namespace AND queue = :queue AND created_at <= :before
ORDER BY finished_at LIMIT :limit
FOR UPDATE SKIP LOCKED;

-- name: read_left
-- Whether something is left that has to go, and whether there is something to stay.
SELECT
    EXISTS (SELECT 1 FROM rowlock_task
        WHERE namespace = :namespace AND queue = :queue AND created_at <= :before)
    OR EXISTS (SELECT 1 FROM rowlock_history
        WHERE namespace = :namespace AND queue = :queue AND created_at <= :before),
    EXISTS (SELECT 1 FROM rowlock_task WHERE namespace = :namespace AND queue = :queue)
    OR EXISTS (SELECT 1 FROM rowlock_history WHERE namespace = :namespace AND queue = :queue);

-- name: remove_queue
DELETE FROM rowlock_queue
WHERE namespace = :namespace AND name = :queue AND deleting_at = :before;

-- name: renew_queue
-- It is the row of the queue that came after.
UPDATE rowlock_queue
SET created_at = deleting_at, deleting_at = NULL, paused = 0, pause_reason = NULL, policy = NULL
WHERE namespace = :namespace AND name = :queue AND deleting_at = :before;
