-- name: list_tasks
-- Two limited scans of the primary keys, newest first, in one statement: read one after the
-- other around a retry, neither table would show the task. `~` comes after every id: with
-- `:before IS NULL OR` a later page would walk from the newest task again. The plus keeps the
-- planner from an index on the namespace, whose rows it would all have to sort.
SELECT t.id, t.namespace, t.queue, coalesce(d.alias, t.definition), t.state, t.priority,
    coalesce(t.payload, p.body), t.tags, t.unique_key, t.run_at, t.attempt, t.max_attempts,
    t.crashes, t.max_crashes, t.options, t.worker, t.cancel_requested, t.progress,
    t.progress_message, t.created_at, t.started_at, t.finished_at, t.lease_until, t.expires_at,
    t.deleted_at, t.result, t.error, t.reason, :now
FROM (
    SELECT * FROM (
    SELECT id, namespace, queue, definition, state, priority, payload, tags, unique_key, run_at,
        attempt, max_attempts, crashes, max_crashes, options, worker, cancel_requested, progress,
        progress_message, created_at, started_at, NULL AS finished_at, lease_until,
        expires_at, NULL AS deleted_at, NULL AS result, error,
        NULL AS reason
    FROM rowlock_task
    WHERE +namespace = :namespace
        AND id < coalesce(:before, '~')
        AND (:queue IS NULL OR queue = :queue)
        AND (:definition IS NULL OR definition = :definition)
        AND (:tags IS NULL OR tags LIKE :tags_like ESCAPE '!' AND NOT EXISTS (
            SELECT 1 FROM json_each(:tags) AS wanted
            WHERE wanted.value NOT IN (SELECT value FROM json_each(tags))))
        AND (:worker IS NULL OR worker = :worker)
        AND (:unique_key IS NULL OR unique_key = :unique_key)
        AND (:created_after IS NULL OR created_at >= :created_after)
        AND (:created_before IS NULL OR created_at < :created_before)
        AND (:started_after IS NULL OR started_at >= :started_after)
        AND (:started_before IS NULL OR started_at < :started_before)
        AND (:error IS NULL OR instr(
            lower(json_extract(error, '$.type') || ': ' || json_extract(error, '$.message')),
            :error))
        AND (:arguments IS NULL OR NOT EXISTS (
            SELECT 1 FROM json_each(:arguments) AS wanted
            WHERE NOT EXISTS (
                SELECT 1 FROM json_each(coalesce(payload, (
                    SELECT body FROM rowlock_payload AS p
                    WHERE p.task = rowlock_task.id))) AS given
                WHERE given.key = wanted.key AND given.type = wanted.type
                    AND given.atom IS wanted.atom)))
        AND :live
        AND CASE
            WHEN token IS NULL AND expires_at <= :now THEN 'expired'
            WHEN state = 'scheduled' AND attempt > 0 THEN 'retrying'
            ELSE state
        END || CASE WHEN attempt > 0 THEN '+' ELSE '' END
            IN (SELECT value FROM json_each(:marks))
    ORDER BY id DESC LIMIT :limit)
    UNION ALL
    SELECT * FROM (
    SELECT id, namespace, queue, definition, state, priority, payload, tags, unique_key, run_at,
        attempt, max_attempts, crashes, max_crashes, options, worker,
        0 AS cancel_requested, progress, progress_message, created_at, started_at,
        finished_at, NULL AS lease_until, expires_at, deleted_at, result, error,
        reason
    FROM rowlock_history
    WHERE +namespace = :namespace
        AND id < coalesce(:before, '~')
        AND (:queue IS NULL OR queue = :queue)
        AND (:definition IS NULL OR definition = :definition)
        AND (:tags IS NULL OR tags LIKE :tags_like ESCAPE '!' AND NOT EXISTS (
            SELECT 1 FROM json_each(:tags) AS wanted
            WHERE wanted.value NOT IN (SELECT value FROM json_each(tags))))
        AND (:worker IS NULL OR worker = :worker)
        AND (:unique_key IS NULL OR unique_key = :unique_key)
        AND (:created_after IS NULL OR created_at >= :created_after)
        AND (:created_before IS NULL OR created_at < :created_before)
        AND (:started_after IS NULL OR started_at >= :started_after)
        AND (:started_before IS NULL OR started_at < :started_before)
        AND (:finished_after IS NULL OR finished_at >= :finished_after)
        AND (:finished_before IS NULL OR finished_at < :finished_before)
        AND (:error IS NULL OR instr(
            lower(json_extract(error, '$.type') || ': ' || json_extract(error, '$.message')),
            :error))
        AND (:arguments IS NULL OR NOT EXISTS (
            SELECT 1 FROM json_each(:arguments) AS wanted
            WHERE NOT EXISTS (
                SELECT 1 FROM json_each(coalesce(payload, (
                    SELECT body FROM rowlock_payload AS p
                    WHERE p.task = rowlock_history.id))) AS given
                WHERE given.key = wanted.key AND given.type = wanted.type
                    AND given.atom IS wanted.atom)))
        AND :finished
        AND state || CASE WHEN attempt > 0 THEN '+' ELSE '' END
            || CASE WHEN deleted_at IS NOT NULL THEN '~' ELSE '' END
            IN (SELECT value FROM json_each(:marks))
    ORDER BY id DESC LIMIT :limit)
) AS t
LEFT JOIN rowlock_payload AS p ON p.task = t.id
LEFT JOIN rowlock_definition AS d ON d.namespace = t.namespace AND d.key = t.definition
ORDER BY t.id DESC LIMIT :limit;

-- name: list_finished
-- One queue's, the last one to finish first, along the index that pruning uses.
SELECT t.id, t.namespace, t.queue, coalesce(d.alias, t.definition), t.state, t.priority,
    coalesce(t.payload, p.body), t.tags, t.unique_key, t.run_at, t.attempt, t.max_attempts,
    t.crashes, t.max_crashes, t.options, t.worker, t.cancel_requested, t.progress,
    t.progress_message, t.created_at, t.started_at, t.finished_at, t.lease_until, t.expires_at,
    t.deleted_at, t.result, t.error, t.reason, :now
FROM (
    SELECT id, namespace, queue, definition, state, priority, payload, tags, unique_key, run_at,
        attempt, max_attempts, crashes, max_crashes, options, worker,
        0 AS cancel_requested, progress, progress_message, created_at, started_at,
        finished_at, NULL AS lease_until, expires_at, deleted_at, result, error,
        reason
    FROM rowlock_history
    WHERE namespace = :namespace AND queue = :queue
        AND (finished_at, id) < (coalesce(:at, 9223372036854775807), coalesce(:before, '~'))
        AND (:definition IS NULL OR definition = :definition)
        AND (:tags IS NULL OR tags LIKE :tags_like ESCAPE '!' AND NOT EXISTS (
            SELECT 1 FROM json_each(:tags) AS wanted
            WHERE wanted.value NOT IN (SELECT value FROM json_each(tags))))
        AND (:worker IS NULL OR worker = :worker)
        AND (:unique_key IS NULL OR unique_key = :unique_key)
        AND (:created_after IS NULL OR created_at >= :created_after)
        AND (:created_before IS NULL OR created_at < :created_before)
        AND (:started_after IS NULL OR started_at >= :started_after)
        AND (:started_before IS NULL OR started_at < :started_before)
        AND (:finished_after IS NULL OR finished_at >= :finished_after)
        AND (:finished_before IS NULL OR finished_at < :finished_before)
        AND (:error IS NULL OR instr(
            lower(json_extract(error, '$.type') || ': ' || json_extract(error, '$.message')),
            :error))
        AND (:arguments IS NULL OR NOT EXISTS (
            SELECT 1 FROM json_each(:arguments) AS wanted
            WHERE NOT EXISTS (
                SELECT 1 FROM json_each(coalesce(payload, (
                    SELECT body FROM rowlock_payload AS p
                    WHERE p.task = rowlock_history.id))) AS given
                WHERE given.key = wanted.key AND given.type = wanted.type
                    AND given.atom IS wanted.atom)))
        AND :finished
        AND state || CASE WHEN attempt > 0 THEN '+' ELSE '' END
            || CASE WHEN deleted_at IS NOT NULL THEN '~' ELSE '' END
            IN (SELECT value FROM json_each(:marks))
    ORDER BY finished_at DESC, id DESC LIMIT :limit
) AS t
LEFT JOIN rowlock_payload AS p ON p.task = t.id
LEFT JOIN rowlock_definition AS d ON d.namespace = t.namespace AND d.key = t.definition
ORDER BY t.finished_at DESC, t.id DESC;

-- name: list_waiting
-- What is due first, of all that waits: it is sorted, as no index has every waiting task so.
SELECT t.id, t.namespace, t.queue, coalesce(d.alias, t.definition), t.state, t.priority,
    coalesce(t.payload, p.body), t.tags, t.unique_key, t.run_at, t.attempt, t.max_attempts,
    t.crashes, t.max_crashes, t.options, t.worker, t.cancel_requested, t.progress,
    t.progress_message, t.created_at, t.started_at, t.finished_at, t.lease_until, t.expires_at,
    t.deleted_at, t.result, t.error, t.reason, :now
FROM (
    SELECT id, namespace, queue, definition, state, priority, payload, tags, unique_key, run_at,
        attempt, max_attempts, crashes, max_crashes, options, worker, cancel_requested, progress,
        progress_message, created_at, started_at, NULL AS finished_at, lease_until,
        expires_at, NULL AS deleted_at, NULL AS result, error,
        NULL AS reason
    FROM rowlock_task
    WHERE namespace = :namespace AND token IS NULL
        AND (run_at, id) > (coalesce(:at, -9223372036854775808), coalesce(:before, ''))
        AND (:queue IS NULL OR queue = :queue)
        AND (:definition IS NULL OR definition = :definition)
        AND (:tags IS NULL OR tags LIKE :tags_like ESCAPE '!' AND NOT EXISTS (
            SELECT 1 FROM json_each(:tags) AS wanted
            WHERE wanted.value NOT IN (SELECT value FROM json_each(tags))))
        AND (:worker IS NULL OR worker = :worker)
        AND (:unique_key IS NULL OR unique_key = :unique_key)
        AND (:created_after IS NULL OR created_at >= :created_after)
        AND (:created_before IS NULL OR created_at < :created_before)
        AND (:started_after IS NULL OR started_at >= :started_after)
        AND (:started_before IS NULL OR started_at < :started_before)
        AND (:error IS NULL OR instr(
            lower(json_extract(error, '$.type') || ': ' || json_extract(error, '$.message')),
            :error))
        AND (:arguments IS NULL OR NOT EXISTS (
            SELECT 1 FROM json_each(:arguments) AS wanted
            WHERE NOT EXISTS (
                SELECT 1 FROM json_each(coalesce(payload, (
                    SELECT body FROM rowlock_payload AS p
                    WHERE p.task = rowlock_task.id))) AS given
                WHERE given.key = wanted.key AND given.type = wanted.type
                    AND given.atom IS wanted.atom)))
        AND :live
        AND CASE
            WHEN token IS NULL AND expires_at <= :now THEN 'expired'
            WHEN state = 'scheduled' AND attempt > 0 THEN 'retrying'
            ELSE state
        END || CASE WHEN attempt > 0 THEN '+' ELSE '' END
            IN (SELECT value FROM json_each(:marks))
    ORDER BY run_at, id LIMIT :limit
) AS t
LEFT JOIN rowlock_payload AS p ON p.task = t.id
LEFT JOIN rowlock_definition AS d ON d.namespace = t.namespace AND d.key = t.definition
ORDER BY t.run_at, t.id;

-- name: count_matching
SELECT count(*)
FROM (
    SELECT * FROM (
    SELECT 1 AS one
    FROM rowlock_task
    WHERE namespace = :namespace
        AND (:queue IS NULL OR queue = :queue)
        AND (:definition IS NULL OR definition = :definition)
        AND (:tags IS NULL OR tags LIKE :tags_like ESCAPE '!' AND NOT EXISTS (
            SELECT 1 FROM json_each(:tags) AS wanted
            WHERE wanted.value NOT IN (SELECT value FROM json_each(tags))))
        AND (:worker IS NULL OR worker = :worker)
        AND (:unique_key IS NULL OR unique_key = :unique_key)
        AND (:created_after IS NULL OR created_at >= :created_after)
        AND (:created_before IS NULL OR created_at < :created_before)
        AND (:started_after IS NULL OR started_at >= :started_after)
        AND (:started_before IS NULL OR started_at < :started_before)
        AND (:error IS NULL OR instr(
            lower(json_extract(error, '$.type') || ': ' || json_extract(error, '$.message')),
            :error))
        AND (:arguments IS NULL OR NOT EXISTS (
            SELECT 1 FROM json_each(:arguments) AS wanted
            WHERE NOT EXISTS (
                SELECT 1 FROM json_each(coalesce(payload, (
                    SELECT body FROM rowlock_payload AS p
                    WHERE p.task = rowlock_task.id))) AS given
                WHERE given.key = wanted.key AND given.type = wanted.type
                    AND given.atom IS wanted.atom)))
        AND :live
        AND CASE
            WHEN token IS NULL AND expires_at <= :now THEN 'expired'
            WHEN state = 'scheduled' AND attempt > 0 THEN 'retrying'
            ELSE state
        END || CASE WHEN attempt > 0 THEN '+' ELSE '' END
            IN (SELECT value FROM json_each(:marks))
    LIMIT :limit)
    UNION ALL
    SELECT * FROM (
    SELECT 1 AS one
    FROM rowlock_history
    WHERE namespace = :namespace
        AND (:queue IS NULL OR queue = :queue)
        AND (:definition IS NULL OR definition = :definition)
        AND (:tags IS NULL OR tags LIKE :tags_like ESCAPE '!' AND NOT EXISTS (
            SELECT 1 FROM json_each(:tags) AS wanted
            WHERE wanted.value NOT IN (SELECT value FROM json_each(tags))))
        AND (:worker IS NULL OR worker = :worker)
        AND (:unique_key IS NULL OR unique_key = :unique_key)
        AND (:created_after IS NULL OR created_at >= :created_after)
        AND (:created_before IS NULL OR created_at < :created_before)
        AND (:started_after IS NULL OR started_at >= :started_after)
        AND (:started_before IS NULL OR started_at < :started_before)
        AND (:finished_after IS NULL OR finished_at >= :finished_after)
        AND (:finished_before IS NULL OR finished_at < :finished_before)
        AND (:error IS NULL OR instr(
            lower(json_extract(error, '$.type') || ': ' || json_extract(error, '$.message')),
            :error))
        AND (:arguments IS NULL OR NOT EXISTS (
            SELECT 1 FROM json_each(:arguments) AS wanted
            WHERE NOT EXISTS (
                SELECT 1 FROM json_each(coalesce(payload, (
                    SELECT body FROM rowlock_payload AS p
                    WHERE p.task = rowlock_history.id))) AS given
                WHERE given.key = wanted.key AND given.type = wanted.type
                    AND given.atom IS wanted.atom)))
        AND :finished
        AND state || CASE WHEN attempt > 0 THEN '+' ELSE '' END
            || CASE WHEN deleted_at IS NOT NULL THEN '~' ELSE '' END
            IN (SELECT value FROM json_each(:marks))
    LIMIT :limit)
) AS found;
