-- name: list_stuck
-- What runs is few, and found by an index of its own.
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
    WHERE namespace = :namespace AND state = 'running'
        AND (started_at <= (SELECT coalesce(:now::timestamptz, clock_timestamp()) - :longer_than::interval)
            OR lease_until < (SELECT coalesce(:now::timestamptz, clock_timestamp())))
    ORDER BY started_at, id LIMIT :limit
) AS t
LEFT JOIN rowlock_payload AS p ON p.task = t.id
LEFT JOIN rowlock_definition AS d ON d.namespace = t.namespace AND d.key = t.definition
ORDER BY t.started_at, t.id;

-- name: recent_ends
-- How many tasks of a queue ended in each way, and since when: the newest ones, up to a cap.
SELECT state, count(*), min(finished_at), coalesce(:now::timestamptz, clock_timestamp())
FROM (
    SELECT state, finished_at
    FROM rowlock_history
    WHERE namespace = :namespace AND queue = :queue AND deleted_at IS NULL
        AND finished_at >= (SELECT coalesce(:now::timestamptz, clock_timestamp()) - :window::interval)
    ORDER BY finished_at DESC LIMIT :cap) AS ended
GROUP BY state;

-- name: recent_runs
-- How long the last runs of a queue's tasks waited and took, the newest ones first, up to a cap.
SELECT coalesce(d.alias, h.definition, ''), h.state, h.run_at, h.started_at, h.finished_at
FROM (
    SELECT namespace, definition, state, run_at, started_at, finished_at
    FROM rowlock_history
    WHERE namespace = :namespace AND queue = :queue AND deleted_at IS NULL
        AND started_at IS NOT NULL
        AND finished_at >= (SELECT coalesce(:now::timestamptz, clock_timestamp()) - :window::interval)
    ORDER BY finished_at DESC LIMIT :cap) AS h
LEFT JOIN rowlock_definition AS d ON d.namespace = h.namespace AND d.key = h.definition;

-- name: running_now
-- What runs, by queue and worker.
SELECT queue, coalesce(worker, ''), count(*), min(started_at),
    count(*) FILTER (WHERE lease_until < coalesce(:now::timestamptz, clock_timestamp())),
    coalesce(:now::timestamptz, clock_timestamp())
FROM rowlock_task
WHERE namespace = :namespace AND state = 'running'
GROUP BY queue, worker ORDER BY queue, worker LIMIT :limit;

-- name: count_claimable
-- What a claim could take now, what is due soon and can then still start, and what runs.
SELECT
    (SELECT count(*) FROM (
        SELECT 1 FROM rowlock_task
        WHERE namespace = :namespace AND queue = :queue AND state = 'queued'
            AND (expires_at IS NULL OR expires_at > coalesce(:now::timestamptz, clock_timestamp()))
        LIMIT :cap) AS queued),
    (SELECT count(*) FROM (
        SELECT 1 FROM rowlock_task
        WHERE namespace = :namespace AND queue = :queue AND state = 'scheduled'
            AND run_at <= (SELECT coalesce(:now::timestamptz, clock_timestamp()) + :within::interval)
            AND (expires_at IS NULL
                 OR (expires_at > run_at
                     AND expires_at > coalesce(:now::timestamptz, clock_timestamp())))
        LIMIT :cap) AS due),
    (SELECT count(*) FROM (
        SELECT 1 FROM rowlock_task
        WHERE namespace = :namespace AND queue = :queue AND state = 'running'
        LIMIT :cap) AS running),
    coalesce(:now::timestamptz, clock_timestamp());
