-- name: get_task
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
    FROM rowlock_task WHERE id = :id AND namespace = :namespace
    UNION ALL
    SELECT id, namespace, queue, definition, state, priority, payload, tags, unique_key, run_at,
        attempt, max_attempts, crashes, max_crashes, options, worker, false, progress,
        progress_message, created_at, started_at, finished_at, NULL, expires_at, deleted_at,
        result, error, reason
    FROM rowlock_history WHERE id = :id AND namespace = :namespace
) AS t
LEFT JOIN rowlock_payload AS p ON p.task = t.id
LEFT JOIN rowlock_definition AS d ON d.namespace = t.namespace AND d.key = t.definition;

-- name: find_by_prefix
(SELECT id FROM rowlock_task
 WHERE namespace = :namespace AND id BETWEEN :low::uuid AND :high::uuid LIMIT 2)
UNION ALL
(SELECT id FROM rowlock_history
 WHERE namespace = :namespace AND id BETWEEN :low::uuid AND :high::uuid LIMIT 2);

-- name: list_attempts
SELECT task, attempt, worker, started_at, finished_at, outcome, error
FROM rowlock_attempt WHERE task = :id ORDER BY finished_at;

-- name: count_live
SELECT queue,
    CASE
        WHEN token IS NULL
            AND expires_at <= coalesce(:now::timestamptz, clock_timestamp()) THEN 'expired'
        WHEN state = 'scheduled' AND attempt > 0 THEN 'retrying'
        ELSE state END AS shown,
    count(*),
    min(run_at) FILTER (WHERE state = 'queued'),
    coalesce(:now::timestamptz, clock_timestamp())
FROM rowlock_task WHERE namespace = :namespace
GROUP BY queue, shown;

-- name: count_finished
SELECT q.name, h.state, count(*)
FROM rowlock_queue AS q
CROSS JOIN LATERAL (
    SELECT state FROM rowlock_history
    WHERE namespace = q.namespace AND queue = q.name AND deleted_at IS NULL
    ORDER BY finished_at DESC LIMIT :cap) AS h
WHERE q.namespace = :namespace
GROUP BY q.name, h.state;

-- name: waiting_definitions
-- What waits at the head of a queue, for the report of definitions that nobody here runs.
SELECT coalesce(d.alias, w.definition, ''), count(*)
FROM (
    SELECT namespace, definition FROM rowlock_task
    WHERE namespace = :namespace AND queue = :queue AND state = 'queued'
    ORDER BY priority, run_at, id LIMIT :limit) AS w
LEFT JOIN rowlock_definition AS d ON d.namespace = w.namespace AND d.key = w.definition
GROUP BY 1;

-- name: server_facts
SELECT current_setting('server_version'), clock_timestamp();
