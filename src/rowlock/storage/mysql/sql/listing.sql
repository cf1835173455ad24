-- name: list_tasks
-- Two limited scans of the primary keys, newest first, in one statement: read one after the
-- other around a retry, neither table would show the task. A list of words arrives as one
-- text in which a line break stands before and after each.
SELECT t.id, t.namespace, t.queue, COALESCE(d.alias, t.definition), t.state, t.priority,
    COALESCE(t.payload, p.body), t.tags, t.unique_key, t.run_at, t.attempt, t.max_attempts,
    t.crashes, t.max_crashes, t.options, t.worker, t.cancel_requested, t.progress,
    t.progress_message, t.created_at, t.started_at, t.finished_at, t.lease_until, t.expires_at,
    t.deleted_at, t.result, t.error, t.reason,
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
FROM (
    (SELECT id, namespace, queue, definition, state, priority, payload, tags,
        CONVERT(unique_key USING utf8mb4) AS unique_key, run_at,
        attempt, max_attempts, crashes, max_crashes, options, worker, cancel_requested, progress,
        progress_message, created_at, started_at, NULL AS finished_at, lease_until,
        expires_at, NULL AS deleted_at, NULL AS result, error,
        NULL AS reason
    FROM rowlock_task FORCE INDEX (PRIMARY)
    WHERE namespace = :namespace
        AND (:before IS NULL OR id < :before)
        AND (:queue IS NULL OR queue = :queue)
        AND (:definition IS NULL OR definition = :definition)
        AND (:tags IS NULL
            OR tags LIKE :tags_like ESCAPE '!' AND JSON_CONTAINS(tags, :tags))
        AND (:worker IS NULL OR worker = :worker)
        AND (:unique_key IS NULL OR unique_key = :unique_key)
        AND (:created_after IS NULL OR created_at >= CAST(:created_after AS DATETIME(6)))
        AND (:created_before IS NULL OR created_at < CAST(:created_before AS DATETIME(6)))
        AND (:started_after IS NULL OR started_at >= CAST(:started_after AS DATETIME(6)))
        AND (:started_before IS NULL OR started_at < CAST(:started_before AS DATETIME(6)))
        AND (:error_pattern IS NULL OR CONCAT(
            JSON_UNQUOTE(JSON_EXTRACT(error, '$.type')), ': ',
            JSON_UNQUOTE(JSON_EXTRACT(error, '$.message'))) REGEXP :error_pattern)
        AND (:argument_paths IS NULL OR NOT EXISTS (
            SELECT 1 FROM JSON_TABLE(:argument_paths, '$[*]' COLUMNS (
                path longtext PATH '$[0]', value longtext PATH '$[1]')) AS wanted
            WHERE NOT COALESCE(CAST(JSON_EXTRACT(COALESCE(payload, (
                SELECT body FROM rowlock_payload AS p WHERE p.task = rowlock_task.id
            )), wanted.path) AS BINARY) = CAST(wanted.value AS BINARY), 0)))
        AND :live
        AND LOCATE(CONCAT('\n', CASE
            WHEN token IS NULL
                AND expires_at <= COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
                THEN 'expired'
            WHEN state = 'scheduled' AND attempt > 0 THEN 'retrying'
            ELSE state
        END, CASE WHEN attempt > 0 THEN '+' ELSE '' END, '\n'), :marks) > 0
    ORDER BY id DESC LIMIT :limit)
    UNION ALL
    (SELECT id, namespace, queue, definition, state, priority, payload, tags, unique_key, run_at,
        attempt, max_attempts, crashes, max_crashes, options, worker,
        0 AS cancel_requested, progress, progress_message, created_at, started_at,
        finished_at, NULL AS lease_until, expires_at, deleted_at, result, error,
        reason
    FROM rowlock_history FORCE INDEX (PRIMARY)
    WHERE namespace = :namespace
        AND (:before IS NULL OR id < :before)
        AND (:queue IS NULL OR queue = :queue)
        AND (:definition IS NULL OR definition = :definition)
        AND (:tags IS NULL
            OR tags LIKE :tags_like ESCAPE '!' AND JSON_CONTAINS(tags, :tags))
        AND (:worker IS NULL OR worker = :worker)
        AND (:unique_key IS NULL OR unique_key = :unique_key)
        AND (:created_after IS NULL OR created_at >= CAST(:created_after AS DATETIME(6)))
        AND (:created_before IS NULL OR created_at < CAST(:created_before AS DATETIME(6)))
        AND (:started_after IS NULL OR started_at >= CAST(:started_after AS DATETIME(6)))
        AND (:started_before IS NULL OR started_at < CAST(:started_before AS DATETIME(6)))
        AND (:finished_after IS NULL OR finished_at >= CAST(:finished_after AS DATETIME(6)))
        AND (:finished_before IS NULL OR finished_at < CAST(:finished_before AS DATETIME(6)))
        AND (:error_pattern IS NULL OR CONCAT(
            JSON_UNQUOTE(JSON_EXTRACT(error, '$.type')), ': ',
            JSON_UNQUOTE(JSON_EXTRACT(error, '$.message'))) REGEXP :error_pattern)
        AND (:argument_paths IS NULL OR NOT EXISTS (
            SELECT 1 FROM JSON_TABLE(:argument_paths, '$[*]' COLUMNS (
                path longtext PATH '$[0]', value longtext PATH '$[1]')) AS wanted
            WHERE NOT COALESCE(CAST(JSON_EXTRACT(COALESCE(payload, (
                SELECT body FROM rowlock_payload AS p WHERE p.task = rowlock_history.id
            )), wanted.path) AS BINARY) = CAST(wanted.value AS BINARY), 0)))
        AND :finished
        AND LOCATE(CONCAT('\n', state, CASE WHEN attempt > 0 THEN '+' ELSE '' END,
            CASE WHEN deleted_at IS NOT NULL THEN '~' ELSE '' END, '\n'), :marks) > 0
    ORDER BY id DESC LIMIT :limit)
) AS t
LEFT JOIN rowlock_payload AS p ON p.task = t.id
LEFT JOIN rowlock_definition AS d ON d.namespace = t.namespace AND d.`key` = t.definition
ORDER BY t.id DESC LIMIT :limit;

-- name: list_finished
-- One queue's, the last one to finish first, along the index that pruning uses.
SELECT t.id, t.namespace, t.queue, COALESCE(d.alias, t.definition), t.state, t.priority,
    COALESCE(t.payload, p.body), t.tags, t.unique_key, t.run_at, t.attempt, t.max_attempts,
    t.crashes, t.max_crashes, t.options, t.worker, t.cancel_requested, t.progress,
    t.progress_message, t.created_at, t.started_at, t.finished_at, t.lease_until, t.expires_at,
    t.deleted_at, t.result, t.error, t.reason,
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
FROM (
    SELECT id, namespace, queue, definition, state, priority, payload, tags, unique_key, run_at,
        attempt, max_attempts, crashes, max_crashes, options, worker,
        0 AS cancel_requested, progress, progress_message, created_at, started_at,
        finished_at, NULL AS lease_until, expires_at, deleted_at, result, error,
        reason
    FROM rowlock_history FORCE INDEX (ix_rowlock_history_finished)
    WHERE namespace = :namespace AND queue = :queue
        AND finished_at <= COALESCE(CAST(:at AS DATETIME(6)), '9999-12-31')
        AND (:at IS NULL OR finished_at < CAST(:at AS DATETIME(6)) OR id < :before)
        AND (:definition IS NULL OR definition = :definition)
        AND (:tags IS NULL
            OR tags LIKE :tags_like ESCAPE '!' AND JSON_CONTAINS(tags, :tags))
        AND (:worker IS NULL OR worker = :worker)
        AND (:unique_key IS NULL OR unique_key = :unique_key)
        AND (:created_after IS NULL OR created_at >= CAST(:created_after AS DATETIME(6)))
        AND (:created_before IS NULL OR created_at < CAST(:created_before AS DATETIME(6)))
        AND (:started_after IS NULL OR started_at >= CAST(:started_after AS DATETIME(6)))
        AND (:started_before IS NULL OR started_at < CAST(:started_before AS DATETIME(6)))
        AND (:finished_after IS NULL OR finished_at >= CAST(:finished_after AS DATETIME(6)))
        AND (:finished_before IS NULL OR finished_at < CAST(:finished_before AS DATETIME(6)))
        AND (:error_pattern IS NULL OR CONCAT(
            JSON_UNQUOTE(JSON_EXTRACT(error, '$.type')), ': ',
            JSON_UNQUOTE(JSON_EXTRACT(error, '$.message'))) REGEXP :error_pattern)
        AND (:argument_paths IS NULL OR NOT EXISTS (
            SELECT 1 FROM JSON_TABLE(:argument_paths, '$[*]' COLUMNS (
                path longtext PATH '$[0]', value longtext PATH '$[1]')) AS wanted
            WHERE NOT COALESCE(CAST(JSON_EXTRACT(COALESCE(payload, (
                SELECT body FROM rowlock_payload AS p WHERE p.task = rowlock_history.id
            )), wanted.path) AS BINARY) = CAST(wanted.value AS BINARY), 0)))
        AND :finished
        AND LOCATE(CONCAT('\n', state, CASE WHEN attempt > 0 THEN '+' ELSE '' END,
            CASE WHEN deleted_at IS NOT NULL THEN '~' ELSE '' END, '\n'), :marks) > 0
    ORDER BY finished_at DESC, id DESC LIMIT :limit
) AS t
LEFT JOIN rowlock_payload AS p ON p.task = t.id
LEFT JOIN rowlock_definition AS d ON d.namespace = t.namespace AND d.`key` = t.definition
ORDER BY t.finished_at DESC, t.id DESC;

-- name: list_waiting
-- What is due first, of all that waits: it is sorted, as no index has every waiting task so.
SELECT t.id, t.namespace, t.queue, COALESCE(d.alias, t.definition), t.state, t.priority,
    COALESCE(t.payload, p.body), t.tags, t.unique_key, t.run_at, t.attempt, t.max_attempts,
    t.crashes, t.max_crashes, t.options, t.worker, t.cancel_requested, t.progress,
    t.progress_message, t.created_at, t.started_at, t.finished_at, t.lease_until, t.expires_at,
    t.deleted_at, t.result, t.error, t.reason,
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
FROM (
    SELECT id, namespace, queue, definition, state, priority, payload, tags,
        CONVERT(unique_key USING utf8mb4) AS unique_key, run_at,
        attempt, max_attempts, crashes, max_crashes, options, worker, cancel_requested, progress,
        progress_message, created_at, started_at, NULL AS finished_at, lease_until,
        expires_at, NULL AS deleted_at, NULL AS result, error,
        NULL AS reason
    FROM rowlock_task
    WHERE namespace = :namespace AND token IS NULL
        AND (:at IS NULL OR run_at > CAST(:at AS DATETIME(6))
            OR (run_at = CAST(:at AS DATETIME(6)) AND id > :before))
        AND (:queue IS NULL OR queue = :queue)
        AND (:definition IS NULL OR definition = :definition)
        AND (:tags IS NULL
            OR tags LIKE :tags_like ESCAPE '!' AND JSON_CONTAINS(tags, :tags))
        AND (:worker IS NULL OR worker = :worker)
        AND (:unique_key IS NULL OR unique_key = :unique_key)
        AND (:created_after IS NULL OR created_at >= CAST(:created_after AS DATETIME(6)))
        AND (:created_before IS NULL OR created_at < CAST(:created_before AS DATETIME(6)))
        AND (:started_after IS NULL OR started_at >= CAST(:started_after AS DATETIME(6)))
        AND (:started_before IS NULL OR started_at < CAST(:started_before AS DATETIME(6)))
        AND (:error_pattern IS NULL OR CONCAT(
            JSON_UNQUOTE(JSON_EXTRACT(error, '$.type')), ': ',
            JSON_UNQUOTE(JSON_EXTRACT(error, '$.message'))) REGEXP :error_pattern)
        AND (:argument_paths IS NULL OR NOT EXISTS (
            SELECT 1 FROM JSON_TABLE(:argument_paths, '$[*]' COLUMNS (
                path longtext PATH '$[0]', value longtext PATH '$[1]')) AS wanted
            WHERE NOT COALESCE(CAST(JSON_EXTRACT(COALESCE(payload, (
                SELECT body FROM rowlock_payload AS p WHERE p.task = rowlock_task.id
            )), wanted.path) AS BINARY) = CAST(wanted.value AS BINARY), 0)))
        AND :live
        AND LOCATE(CONCAT('\n', CASE
            WHEN token IS NULL
                AND expires_at <= COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
                THEN 'expired'
            WHEN state = 'scheduled' AND attempt > 0 THEN 'retrying'
            ELSE state
        END, CASE WHEN attempt > 0 THEN '+' ELSE '' END, '\n'), :marks) > 0
    ORDER BY run_at, id LIMIT :limit
) AS t
LEFT JOIN rowlock_payload AS p ON p.task = t.id
LEFT JOIN rowlock_definition AS d ON d.namespace = t.namespace AND d.`key` = t.definition
ORDER BY t.run_at, t.id;

-- name: count_matching
SELECT COUNT(*)
FROM (
    (SELECT 1 AS one
    FROM rowlock_task
    WHERE namespace = :namespace
        AND (:queue IS NULL OR queue = :queue)
        AND (:definition IS NULL OR definition = :definition)
        AND (:tags IS NULL
            OR tags LIKE :tags_like ESCAPE '!' AND JSON_CONTAINS(tags, :tags))
        AND (:worker IS NULL OR worker = :worker)
        AND (:unique_key IS NULL OR unique_key = :unique_key)
        AND (:created_after IS NULL OR created_at >= CAST(:created_after AS DATETIME(6)))
        AND (:created_before IS NULL OR created_at < CAST(:created_before AS DATETIME(6)))
        AND (:started_after IS NULL OR started_at >= CAST(:started_after AS DATETIME(6)))
        AND (:started_before IS NULL OR started_at < CAST(:started_before AS DATETIME(6)))
        AND (:error_pattern IS NULL OR CONCAT(
            JSON_UNQUOTE(JSON_EXTRACT(error, '$.type')), ': ',
            JSON_UNQUOTE(JSON_EXTRACT(error, '$.message'))) REGEXP :error_pattern)
        AND (:argument_paths IS NULL OR NOT EXISTS (
            SELECT 1 FROM JSON_TABLE(:argument_paths, '$[*]' COLUMNS (
                path longtext PATH '$[0]', value longtext PATH '$[1]')) AS wanted
            WHERE NOT COALESCE(CAST(JSON_EXTRACT(COALESCE(payload, (
                SELECT body FROM rowlock_payload AS p WHERE p.task = rowlock_task.id
            )), wanted.path) AS BINARY) = CAST(wanted.value AS BINARY), 0)))
        AND :live
        AND LOCATE(CONCAT('\n', CASE
            WHEN token IS NULL
                AND expires_at <= COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
                THEN 'expired'
            WHEN state = 'scheduled' AND attempt > 0 THEN 'retrying'
            ELSE state
        END, CASE WHEN attempt > 0 THEN '+' ELSE '' END, '\n'), :marks) > 0
    LIMIT :limit)
    UNION ALL
    (SELECT 1 AS one
    FROM rowlock_history
    WHERE namespace = :namespace
        AND (:queue IS NULL OR queue = :queue)
        AND (:definition IS NULL OR definition = :definition)
        AND (:tags IS NULL
            OR tags LIKE :tags_like ESCAPE '!' AND JSON_CONTAINS(tags, :tags))
        AND (:worker IS NULL OR worker = :worker)
        AND (:unique_key IS NULL OR unique_key = :unique_key)
        AND (:created_after IS NULL OR created_at >= CAST(:created_after AS DATETIME(6)))
        AND (:created_before IS NULL OR created_at < CAST(:created_before AS DATETIME(6)))
        AND (:started_after IS NULL OR started_at >= CAST(:started_after AS DATETIME(6)))
        AND (:started_before IS NULL OR started_at < CAST(:started_before AS DATETIME(6)))
        AND (:finished_after IS NULL OR finished_at >= CAST(:finished_after AS DATETIME(6)))
        AND (:finished_before IS NULL OR finished_at < CAST(:finished_before AS DATETIME(6)))
        AND (:error_pattern IS NULL OR CONCAT(
            JSON_UNQUOTE(JSON_EXTRACT(error, '$.type')), ': ',
            JSON_UNQUOTE(JSON_EXTRACT(error, '$.message'))) REGEXP :error_pattern)
        AND (:argument_paths IS NULL OR NOT EXISTS (
            SELECT 1 FROM JSON_TABLE(:argument_paths, '$[*]' COLUMNS (
                path longtext PATH '$[0]', value longtext PATH '$[1]')) AS wanted
            WHERE NOT COALESCE(CAST(JSON_EXTRACT(COALESCE(payload, (
                SELECT body FROM rowlock_payload AS p WHERE p.task = rowlock_history.id
            )), wanted.path) AS BINARY) = CAST(wanted.value AS BINARY), 0)))
        AND :finished
        AND LOCATE(CONCAT('\n', state, CASE WHEN attempt > 0 THEN '+' ELSE '' END,
            CASE WHEN deleted_at IS NOT NULL THEN '~' ELSE '' END, '\n'), :marks) > 0
    LIMIT :limit)
) AS found;
