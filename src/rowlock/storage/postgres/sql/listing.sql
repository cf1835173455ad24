-- name: list_tasks
-- Two limited scans of the primary keys, newest first, in one statement: read one after the
-- other around a retry, neither table would show the task.
SELECT t.id, t.namespace, t.queue, coalesce(d.alias, t.definition), t.state, t.priority,
    coalesce(t.payload, p.body), t.tags, t.unique_key, t.run_at, t.attempt, t.max_attempts,
    t.crashes, t.max_crashes, t.options, t.worker, t.cancel_requested, t.progress,
    t.progress_message, t.created_at, t.started_at, t.finished_at, t.lease_until, t.expires_at,
    t.deleted_at, t.result, t.error, t.reason, coalesce(:now::timestamptz, clock_timestamp())
FROM (
    (SELECT id, namespace, queue, definition, state, priority, payload, tags, unique_key, run_at,
        attempt, max_attempts, crashes, max_crashes, options, worker, cancel_requested, progress,
        progress_message, created_at, started_at, NULL::timestamptz AS finished_at, lease_until,
        expires_at, NULL::timestamptz AS deleted_at, NULL::text AS result, error,
        NULL::text AS reason
    FROM rowlock_task
    WHERE namespace = :namespace
        AND (:before::uuid IS NULL OR id < :before::uuid)
        AND (:queue::text IS NULL OR queue = :queue)
        AND (:definition::text IS NULL OR definition = :definition)
        AND (:tags::jsonb IS NULL
            OR tags LIKE :tags_like ESCAPE '!' AND tags::jsonb @> :tags::jsonb)
        AND (:worker::text IS NULL OR worker = :worker)
        AND (:unique_key::text IS NULL OR unique_key = :unique_key)
        AND (:created_after::timestamptz IS NULL OR created_at >= :created_after)
        AND (:created_before::timestamptz IS NULL OR created_at < :created_before)
        AND (:started_after::timestamptz IS NULL OR started_at >= :started_after)
        AND (:started_before::timestamptz IS NULL OR started_at < :started_before)
        AND (:error::text IS NULL OR strpos(
            lower(concat(error::json ->> 'type', ': ', error::json ->> 'message') COLLATE "C"),
            :error) > 0)
        AND (:arguments::json IS NULL OR NOT EXISTS (
            SELECT 1 FROM json_each(:arguments::json) AS wanted
            WHERE wanted.value::text IS DISTINCT FROM (coalesce(payload, (
                SELECT body FROM rowlock_payload AS p WHERE p.task = rowlock_task.id
            ))::json -> wanted.key)::text))
        AND :live::boolean
        AND CASE
            WHEN token IS NULL
                AND expires_at <= coalesce(:now::timestamptz, clock_timestamp()) THEN 'expired'
            WHEN state = 'scheduled' AND attempt > 0 THEN 'retrying'
            ELSE state
        END || CASE WHEN attempt > 0 THEN '+' ELSE '' END = ANY(:marks::text[])
    ORDER BY id DESC LIMIT :limit)
    UNION ALL
    (SELECT id, namespace, queue, definition, state, priority, payload, tags, unique_key, run_at,
        attempt, max_attempts, crashes, max_crashes, options, worker,
        false AS cancel_requested, progress, progress_message, created_at, started_at,
        finished_at, NULL::timestamptz AS lease_until, expires_at, deleted_at, result, error,
        reason
    FROM rowlock_history
    WHERE namespace = :namespace
        AND (:before::uuid IS NULL OR id < :before::uuid)
        AND (:queue::text IS NULL OR queue = :queue)
        AND (:definition::text IS NULL OR definition = :definition)
        AND (:tags::jsonb IS NULL
            OR tags LIKE :tags_like ESCAPE '!' AND tags::jsonb @> :tags::jsonb)
        AND (:worker::text IS NULL OR worker = :worker)
        AND (:unique_key::text IS NULL OR unique_key = :unique_key)
        AND (:created_after::timestamptz IS NULL OR created_at >= :created_after)
        AND (:created_before::timestamptz IS NULL OR created_at < :created_before)
        AND (:started_after::timestamptz IS NULL OR started_at >= :started_after)
        AND (:started_before::timestamptz IS NULL OR started_at < :started_before)
        AND (:finished_after::timestamptz IS NULL OR finished_at >= :finished_after)
        AND (:finished_before::timestamptz IS NULL OR finished_at < :finished_before)
        AND (:error::text IS NULL OR strpos(
            lower(concat(error::json ->> 'type', ': ', error::json ->> 'message') COLLATE "C"),
            :error) > 0)
        AND (:arguments::json IS NULL OR NOT EXISTS (
            SELECT 1 FROM json_each(:arguments::json) AS wanted
            WHERE wanted.value::text IS DISTINCT FROM (coalesce(payload, (
                SELECT body FROM rowlock_payload AS p WHERE p.task = rowlock_history.id
            ))::json -> wanted.key)::text))
        AND :finished::boolean
        AND state || CASE WHEN attempt > 0 THEN '+' ELSE '' END
            || CASE WHEN deleted_at IS NOT NULL THEN '~' ELSE '' END = ANY(:marks::text[])
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
    t.deleted_at, t.result, t.error, t.reason, coalesce(:now::timestamptz, clock_timestamp())
FROM (
    SELECT id, namespace, queue, definition, state, priority, payload, tags, unique_key, run_at,
        attempt, max_attempts, crashes, max_crashes, options, worker,
        false AS cancel_requested, progress, progress_message, created_at, started_at,
        finished_at, NULL::timestamptz AS lease_until, expires_at, deleted_at, result, error,
        reason
    FROM rowlock_history
    WHERE namespace = :namespace AND queue = :queue
        AND (finished_at, id) < (coalesce(:at::timestamptz, 'infinity'), coalesce(
            :before::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
        AND (:definition::text IS NULL OR definition = :definition)
        AND (:tags::jsonb IS NULL
            OR tags LIKE :tags_like ESCAPE '!' AND tags::jsonb @> :tags::jsonb)
        AND (:worker::text IS NULL OR worker = :worker)
        AND (:unique_key::text IS NULL OR unique_key = :unique_key)
        AND (:created_after::timestamptz IS NULL OR created_at >= :created_after)
        AND (:created_before::timestamptz IS NULL OR created_at < :created_before)
        AND (:started_after::timestamptz IS NULL OR started_at >= :started_after)
        AND (:started_before::timestamptz IS NULL OR started_at < :started_before)
        AND (:finished_after::timestamptz IS NULL OR finished_at >= :finished_after)
        AND (:finished_before::timestamptz IS NULL OR finished_at < :finished_before)
        AND (:error::text IS NULL OR strpos(
            lower(concat(error::json ->> 'type', ': ', error::json ->> 'message') COLLATE "C"),
            :error) > 0)
        AND (:arguments::json IS NULL OR NOT EXISTS (
            SELECT 1 FROM json_each(:arguments::json) AS wanted
            WHERE wanted.value::text IS DISTINCT FROM (coalesce(payload, (
                SELECT body FROM rowlock_payload AS p WHERE p.task = rowlock_history.id
            ))::json -> wanted.key)::text))
        AND :finished::boolean
        AND state || CASE WHEN attempt > 0 THEN '+' ELSE '' END
            || CASE WHEN deleted_at IS NOT NULL THEN '~' ELSE '' END = ANY(:marks::text[])
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
    t.deleted_at, t.result, t.error, t.reason, coalesce(:now::timestamptz, clock_timestamp())
FROM (
    SELECT id, namespace, queue, definition, state, priority, payload, tags, unique_key, run_at,
        attempt, max_attempts, crashes, max_crashes, options, worker, cancel_requested, progress,
        progress_message, created_at, started_at, NULL::timestamptz AS finished_at, lease_until,
        expires_at, NULL::timestamptz AS deleted_at, NULL::text AS result, error,
        NULL::text AS reason
    FROM rowlock_task
    WHERE namespace = :namespace AND token IS NULL
        AND (run_at, id) > (coalesce(:at::timestamptz, '-infinity'), coalesce(
            :before::uuid, '00000000-0000-0000-0000-000000000000'))
        AND (:queue::text IS NULL OR queue = :queue)
        AND (:definition::text IS NULL OR definition = :definition)
        AND (:tags::jsonb IS NULL
            OR tags LIKE :tags_like ESCAPE '!' AND tags::jsonb @> :tags::jsonb)
        AND (:worker::text IS NULL OR worker = :worker)
        AND (:unique_key::text IS NULL OR unique_key = :unique_key)
        AND (:created_after::timestamptz IS NULL OR created_at >= :created_after)
        AND (:created_before::timestamptz IS NULL OR created_at < :created_before)
        AND (:started_after::timestamptz IS NULL OR started_at >= :started_after)
        AND (:started_before::timestamptz IS NULL OR started_at < :started_before)
        AND (:error::text IS NULL OR strpos(
            lower(concat(error::json ->> 'type', ': ', error::json ->> 'message') COLLATE "C"),
            :error) > 0)
        AND (:arguments::json IS NULL OR NOT EXISTS (
            SELECT 1 FROM json_each(:arguments::json) AS wanted
            WHERE wanted.value::text IS DISTINCT FROM (coalesce(payload, (
                SELECT body FROM rowlock_payload AS p WHERE p.task = rowlock_task.id
            ))::json -> wanted.key)::text))
        AND :live::boolean
        AND CASE
            WHEN token IS NULL
                AND expires_at <= coalesce(:now::timestamptz, clock_timestamp()) THEN 'expired'
            WHEN state = 'scheduled' AND attempt > 0 THEN 'retrying'
            ELSE state
        END || CASE WHEN attempt > 0 THEN '+' ELSE '' END = ANY(:marks::text[])
    ORDER BY run_at, id LIMIT :limit
) AS t
LEFT JOIN rowlock_payload AS p ON p.task = t.id
LEFT JOIN rowlock_definition AS d ON d.namespace = t.namespace AND d.key = t.definition
ORDER BY t.run_at, t.id;

-- name: count_matching
SELECT count(*)
FROM (
    (SELECT 1 AS one
    FROM rowlock_task
    WHERE namespace = :namespace
        AND (:queue::text IS NULL OR queue = :queue)
        AND (:definition::text IS NULL OR definition = :definition)
        AND (:tags::jsonb IS NULL
            OR tags LIKE :tags_like ESCAPE '!' AND tags::jsonb @> :tags::jsonb)
        AND (:worker::text IS NULL OR worker = :worker)
        AND (:unique_key::text IS NULL OR unique_key = :unique_key)
        AND (:created_after::timestamptz IS NULL OR created_at >= :created_after)
        AND (:created_before::timestamptz IS NULL OR created_at < :created_before)
        AND (:started_after::timestamptz IS NULL OR started_at >= :started_after)
        AND (:started_before::timestamptz IS NULL OR started_at < :started_before)
        AND (:error::text IS NULL OR strpos(
            lower(concat(error::json ->> 'type', ': ', error::json ->> 'message') COLLATE "C"),
            :error) > 0)
        AND (:arguments::json IS NULL OR NOT EXISTS (
            SELECT 1 FROM json_each(:arguments::json) AS wanted
            WHERE wanted.value::text IS DISTINCT FROM (coalesce(payload, (
                SELECT body FROM rowlock_payload AS p WHERE p.task = rowlock_task.id
            ))::json -> wanted.key)::text))
        AND :live::boolean
        AND CASE
            WHEN token IS NULL
                AND expires_at <= coalesce(:now::timestamptz, clock_timestamp()) THEN 'expired'
            WHEN state = 'scheduled' AND attempt > 0 THEN 'retrying'
            ELSE state
        END || CASE WHEN attempt > 0 THEN '+' ELSE '' END = ANY(:marks::text[])
    LIMIT :limit)
    UNION ALL
    (SELECT 1 AS one
    FROM rowlock_history
    WHERE namespace = :namespace
        AND (:queue::text IS NULL OR queue = :queue)
        AND (:definition::text IS NULL OR definition = :definition)
        AND (:tags::jsonb IS NULL
            OR tags LIKE :tags_like ESCAPE '!' AND tags::jsonb @> :tags::jsonb)
        AND (:worker::text IS NULL OR worker = :worker)
        AND (:unique_key::text IS NULL OR unique_key = :unique_key)
        AND (:created_after::timestamptz IS NULL OR created_at >= :created_after)
        AND (:created_before::timestamptz IS NULL OR created_at < :created_before)
        AND (:started_after::timestamptz IS NULL OR started_at >= :started_after)
        AND (:started_before::timestamptz IS NULL OR started_at < :started_before)
        AND (:finished_after::timestamptz IS NULL OR finished_at >= :finished_after)
        AND (:finished_before::timestamptz IS NULL OR finished_at < :finished_before)
        AND (:error::text IS NULL OR strpos(
            lower(concat(error::json ->> 'type', ': ', error::json ->> 'message') COLLATE "C"),
            :error) > 0)
        AND (:arguments::json IS NULL OR NOT EXISTS (
            SELECT 1 FROM json_each(:arguments::json) AS wanted
            WHERE wanted.value::text IS DISTINCT FROM (coalesce(payload, (
                SELECT body FROM rowlock_payload AS p WHERE p.task = rowlock_history.id
            ))::json -> wanted.key)::text))
        AND :finished::boolean
        AND state || CASE WHEN attempt > 0 THEN '+' ELSE '' END
            || CASE WHEN deleted_at IS NOT NULL THEN '~' ELSE '' END = ANY(:marks::text[])
    LIMIT :limit)
) AS found;
