-- name: read_subscription
SELECT m.now, (
    SELECT until_at > m.now FROM rowlock_subscription WHERE namespace = :namespace)
FROM (SELECT COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) AS now) AS m;

-- name: keep_subscription
INSERT INTO rowlock_subscription (namespace, until_at)
VALUES (
    :namespace,
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) + INTERVAL :lasting MICROSECOND)
ON DUPLICATE KEY UPDATE until_at = GREATEST(until_at, VALUES(until_at));

-- name: is_watched
SELECT EXISTS (
    SELECT 1 FROM rowlock_subscription
    WHERE until_at > COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)));

-- name: tell_each
-- Each row as this transaction leaves it.
INSERT INTO rowlock_event (
    at, namespace, queue, definition, state, tasks, task, attempt, cancel_requested, deleted,
    progress, progress_message, reason)
SELECT COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)), t.namespace, t.queue, t.definition,
    t.state, 1, t.id, t.attempt, t.cancel_requested, t.deleted, t.progress, t.progress_message,
    t.reason
FROM (
    SELECT t.id, t.namespace, t.queue, t.definition, t.state, t.attempt, t.cancel_requested,
        0 AS deleted, t.progress, t.progress_message, NULL AS reason
    FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
    STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
    UNION ALL
    SELECT h.id, h.namespace, h.queue, h.definition, h.state, h.attempt, 0,
        h.deleted_at IS NOT NULL, h.progress, h.progress_message, h.reason
    FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
    STRAIGHT_JOIN rowlock_history AS h FORCE INDEX (PRIMARY) ON h.id = UNHEX(v.id)) AS t
WHERE EXISTS (
    SELECT 1 FROM rowlock_subscription AS s
    WHERE s.namespace = t.namespace
        AND s.until_at > COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)));

-- name: tell_together
INSERT INTO rowlock_event (at, namespace, queue, definition, state, tasks, deleted)
SELECT COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)), t.namespace, t.queue, t.definition,
    t.state, COUNT(*), t.deleted
FROM (
    SELECT t.namespace, t.queue, t.definition, t.state, 0 AS deleted
    FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
    STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
    UNION ALL
    SELECT h.namespace, h.queue, h.definition, h.state, h.deleted_at IS NOT NULL
    FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
    STRAIGHT_JOIN rowlock_history AS h FORCE INDEX (PRIMARY) ON h.id = UNHEX(v.id)) AS t
WHERE EXISTS (
    SELECT 1 FROM rowlock_subscription AS s
    WHERE s.namespace = t.namespace
        AND s.until_at > COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)))
GROUP BY t.namespace, t.queue, t.definition, t.state, t.deleted;

-- name: tell_count
INSERT INTO rowlock_event (at, namespace, queue, definition, state, tasks)
SELECT COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)), s.namespace, :queue, :definition, :state,
    :tasks
FROM rowlock_subscription AS s
WHERE s.namespace = :namespace
    AND s.until_at > COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6));

-- name: newest_event
SELECT COALESCE(MAX(id), 0) FROM rowlock_event;

-- name: read_events
SELECT e.id, e.at, e.namespace, e.queue, coalesce(d.alias, e.definition), e.state, e.tasks, e.task,
    e.attempt, e.cancel_requested, e.deleted, e.progress, e.progress_message, e.reason
FROM rowlock_event AS e
LEFT JOIN rowlock_definition AS d ON d.namespace = e.namespace AND d.`key` = e.definition
WHERE e.id > :after
ORDER BY e.id
LIMIT :limit;

-- name: read_late_events
SELECT e.id, e.at, e.namespace, e.queue, coalesce(d.alias, e.definition), e.state, e.tasks, e.task,
    e.attempt, e.cancel_requested, e.deleted, e.progress, e.progress_message, e.reason
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id bigint PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_event AS e FORCE INDEX (PRIMARY) ON e.id = v.id
LEFT JOIN rowlock_definition AS d ON d.namespace = e.namespace AND d.`key` = e.definition
ORDER BY e.id;

-- name: delete_events
DELETE FROM rowlock_event
WHERE at < COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) - INTERVAL :older_than MICROSECOND
ORDER BY id LIMIT :limit;
