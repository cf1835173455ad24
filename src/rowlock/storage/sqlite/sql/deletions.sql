-- name: mark_deleting
UPDATE rowlock_queue
SET deleting_at = :now, paused = 1, paused_until = NULL, pause_reason = :reason
WHERE namespace = :namespace AND name = :queue;

-- name: list_deletions
SELECT namespace, name, deleting_at FROM rowlock_queue
WHERE deleting_at IS NOT NULL
    AND (:namespace IS NULL OR namespace = :namespace AND name = :queue)
ORDER BY namespace, name;

-- name: lock_running_of
SELECT id FROM rowlock_task INDEXED BY ix_rowlock_task_lease
WHERE namespace = :namespace AND queue = :queue AND state = 'running'
ORDER BY id;

-- name: lock_doomed_live
-- Along the primary key, from where the last batch ended: no index has every live task of a
-- queue, and so the table is walked through once.
SELECT id FROM rowlock_task
WHERE id > coalesce(:after, '')
    AND namespace = :namespace AND queue = :queue AND token IS NULL AND created_at <= :before
ORDER BY id LIMIT :limit;

-- name: lock_doomed_final
SELECT id FROM rowlock_history
WHERE namespace = :namespace AND queue = :queue AND created_at <= :before
ORDER BY finished_at LIMIT :limit;

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
