-- name: read_subscription
SELECT m.now, (
    SELECT until_at > m.now FROM rowlock_subscription WHERE namespace = :namespace)
FROM (SELECT coalesce(:now::timestamptz, clock_timestamp()) AS now) AS m;

-- name: keep_subscription
INSERT INTO rowlock_subscription AS s (namespace, until_at)
VALUES (:namespace, coalesce(:now::timestamptz, clock_timestamp()) + :lasting::interval)
ON CONFLICT (namespace) DO UPDATE SET until_at = greatest(s.until_at, excluded.until_at);

-- name: is_watched
SELECT EXISTS (
    SELECT 1 FROM rowlock_subscription
    WHERE until_at > coalesce(:now::timestamptz, clock_timestamp()));

-- name: tell_each
-- Each row as this transaction leaves it.
INSERT INTO rowlock_event (
    at, namespace, queue, definition, state, tasks, task, attempt, cancel_requested, deleted,
    progress, progress_message, reason)
SELECT coalesce(:now::timestamptz, clock_timestamp()), t.namespace, t.queue, t.definition,
    t.state, 1, t.id, t.attempt, t.cancel_requested, t.deleted, t.progress, t.progress_message,
    t.reason
FROM unnest(:ids::uuid[]) AS v (id)
CROSS JOIN LATERAL (
    SELECT id, namespace, queue, definition, state, attempt, cancel_requested, false AS deleted,
        progress, progress_message, NULL::text AS reason
    FROM rowlock_task WHERE id = v.id
    UNION ALL
    SELECT id, namespace, queue, definition, state, attempt, false, deleted_at IS NOT NULL,
        progress, progress_message, reason
    FROM rowlock_history WHERE id = v.id) AS t
WHERE EXISTS (
    SELECT 1 FROM rowlock_subscription AS s
    WHERE s.namespace = t.namespace
        AND s.until_at > coalesce(:now::timestamptz, clock_timestamp()));

-- name: tell_together
INSERT INTO rowlock_event (at, namespace, queue, definition, state, tasks, deleted)
SELECT coalesce(:now::timestamptz, clock_timestamp()), t.namespace, t.queue, t.definition,
    t.state, count(*), t.deleted
FROM unnest(:ids::uuid[]) AS v (id)
CROSS JOIN LATERAL (
    SELECT namespace, queue, definition, state, false AS deleted
    FROM rowlock_task WHERE id = v.id
    UNION ALL
    SELECT namespace, queue, definition, state, deleted_at IS NOT NULL
    FROM rowlock_history WHERE id = v.id) AS t
WHERE EXISTS (
    SELECT 1 FROM rowlock_subscription AS s
    WHERE s.namespace = t.namespace
        AND s.until_at > coalesce(:now::timestamptz, clock_timestamp()))
GROUP BY t.namespace, t.queue, t.definition, t.state, t.deleted;

-- name: tell_count
INSERT INTO rowlock_event (at, namespace, queue, definition, state, tasks)
SELECT coalesce(:now::timestamptz, clock_timestamp()), s.namespace, :queue, :definition, :state, :tasks
FROM rowlock_subscription AS s
WHERE s.namespace = :namespace
    AND s.until_at > coalesce(:now::timestamptz, clock_timestamp());

-- name: newest_event
SELECT coalesce(max(id), 0) FROM rowlock_event;

-- name: read_events
SELECT e.id, e.at, e.namespace, e.queue, coalesce(d.alias, e.definition), e.state, e.tasks, e.task,
    e.attempt, e.cancel_requested, e.deleted, e.progress, e.progress_message, e.reason
FROM rowlock_event AS e
LEFT JOIN rowlock_definition AS d ON d.namespace = e.namespace AND d.key = e.definition
WHERE e.id > :after
ORDER BY e.id
LIMIT :limit;

-- name: read_late_events
SELECT e.id, e.at, e.namespace, e.queue, coalesce(d.alias, e.definition), e.state, e.tasks, e.task,
    e.attempt, e.cancel_requested, e.deleted, e.progress, e.progress_message, e.reason
FROM rowlock_event AS e
LEFT JOIN rowlock_definition AS d ON d.namespace = e.namespace AND d.key = e.definition
WHERE e.id = ANY (:ids::bigint[])
ORDER BY e.id;

-- name: delete_events
DELETE FROM rowlock_event
WHERE id = ANY (ARRAY (SELECT id FROM rowlock_event ORDER BY id LIMIT :limit))
    AND at < (SELECT coalesce(:now::timestamptz, clock_timestamp()) - :older_than::interval);
