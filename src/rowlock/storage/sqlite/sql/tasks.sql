-- name: insert_task
-- One fresh task, answered with what the clock and the table of definitions say of it.
INSERT INTO rowlock_task (
    id, namespace, queue, definition, state, priority, run_at, max_attempts, max_crashes,
    expires_at, unique_key, tags, options, payload, created_at)
SELECT :id, :namespace, :queue, :definition, CASE WHEN due > :now THEN 'scheduled' ELSE 'queued' END,
    :priority, due, :max_attempts, :max_crashes, due + :lifetime, :unique_key, :tags, :options,
    :payload, :now
FROM (SELECT coalesce(:run_at, :now + coalesce(:delay, 0)) AS due)
WHERE true
ON CONFLICT DO NOTHING
RETURNING state, run_at, expires_at, created_at, (
    SELECT d.alias FROM rowlock_definition AS d
    WHERE d.namespace = rowlock_task.namespace AND d.key = rowlock_task.definition);

-- name: insert_tasks
INSERT INTO rowlock_task (
    id, namespace, queue, definition, state, priority, run_at, max_attempts, max_crashes,
    expires_at, unique_key, tags, options, payload, created_at)
SELECT id, :namespace, queue, definition, CASE WHEN due > :now THEN 'scheduled' ELSE 'queued' END,
    priority, due, max_attempts, max_crashes, due + lifetime, unique_key, tags, options, payload,
    :now
FROM (
    SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS queue,
        json_extract(value, '$[2]') AS definition, json_extract(value, '$[3]') AS priority,
        coalesce(json_extract(value, '$[4]'), :now + coalesce(json_extract(value, '$[5]'), 0)) AS due,
        json_extract(value, '$[6]') AS lifetime, json_extract(value, '$[7]') AS max_attempts,
        json_extract(value, '$[8]') AS max_crashes, json_extract(value, '$[9]') AS unique_key,
        json_extract(value, '$[10]') AS tags, json_extract(value, '$[11]') AS options,
        json_extract(value, '$[12]') AS payload
    FROM json_each(:batch))
WHERE true
ON CONFLICT DO NOTHING
RETURNING id;

-- name: insert_alike
-- Fresh tasks that differ in id and payload alone: binding a value costs more than storing it.
INSERT INTO rowlock_task (
    id, namespace, queue, definition, state, priority, run_at, max_attempts, max_crashes,
    expires_at, tags, options, payload, created_at)
SELECT key, :namespace, :queue, :definition, :state, :priority, :run_at, :max_attempts,
    :max_crashes, :expires_at, :tags, :options, atom, :created_at
FROM json_each(:payloads);

-- name: insert_payloads
INSERT INTO rowlock_payload (task, body)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:batch)
WHERE true
ON CONFLICT DO NOTHING;

-- name: forget_replayed
-- Rows that this transaction inserted again although history already holds them.
DELETE FROM rowlock_task
WHERE id IN (SELECT value FROM json_each(:ids))
    AND EXISTS (SELECT 1 FROM rowlock_history AS h WHERE h.id = rowlock_task.id)
RETURNING id;

-- name: read_identities
SELECT t.id, t.namespace, t.definition, coalesce(t.payload, p.body)
FROM json_each(:ids) AS v
JOIN (
    SELECT id, namespace, definition, payload FROM rowlock_task
    UNION ALL
    SELECT id, namespace, definition, payload FROM rowlock_history
) AS t ON t.id = v.value
LEFT JOIN rowlock_payload AS p ON p.task = t.id;

-- name: find_unique_holder
SELECT id FROM rowlock_task WHERE namespace = :namespace AND unique_key = :unique_key;

-- name: lock_due
SELECT id, namespace, queue FROM rowlock_task
WHERE state = 'scheduled' AND run_at <= :now ORDER BY run_at LIMIT :limit;

-- name: mark_queued
UPDATE rowlock_task SET state = 'queued'
WHERE id IN (SELECT value FROM json_each(:ids));

-- name: next_due
SELECT run_at, :now FROM rowlock_task WHERE state = 'scheduled' ORDER BY run_at LIMIT 1;

-- name: lock_claimable
-- One writer at a time: BEGIN IMMEDIATE is the lock. All rows are one JSON value, because the
-- driver asks for the interpreter's lock between two rows, and handlers run meanwhile.
SELECT json_group_array(json_array(
    id, queue, definition, payload, attempt + 1, crashes, max_attempts, max_crashes, priority,
    run_at, created_at, :now, :now + :lease, NULL, cancel_requested, unique_key, tags, options))
FROM (
    SELECT * FROM rowlock_task
    WHERE namespace = :namespace AND queue = :queue AND state = 'queued'
        AND (:definitions IS NULL OR definition IN (SELECT value FROM json_each(:definitions))
             OR (definition IS NULL AND :without_definition))
        AND (expires_at IS NULL OR expires_at > :now)
        AND NOT EXISTS (
            SELECT 1 FROM rowlock_queue AS q
            WHERE q.namespace = :namespace AND q.name = :queue AND q.paused
                AND (q.paused_until IS NULL OR q.paused_until > :now))
    ORDER BY priority, run_at, id LIMIT :limit);

-- name: lock_claimable_of_several
-- As above, of one queue after the other, for whoever wants as many of each as of all. The order
-- is that in which the index is read: a sort would read every line to its end before the first.
SELECT json_group_array(json_array(
    id, queue, definition, payload, attempt + 1, crashes, max_attempts, max_crashes, priority,
    run_at, created_at, :now, :now + :lease, NULL, cancel_requested, unique_key, tags, options))
FROM (
    SELECT t.* FROM json_each(:ids) AS v
    CROSS JOIN rowlock_task AS t INDEXED BY ix_rowlock_task_claim
    WHERE t.namespace = :namespace AND t.queue = v.value AND t.state = 'queued'
        AND (:definitions IS NULL OR t.definition IN (SELECT value FROM json_each(:definitions))
             OR (t.definition IS NULL AND :without_definition))
        AND (t.expires_at IS NULL OR t.expires_at > :now)
        AND NOT EXISTS (
            SELECT 1 FROM rowlock_queue AS q
            WHERE q.namespace = :namespace AND q.name = v.value AND q.paused
                AND (q.paused_until IS NULL OR q.paused_until > :now))
    LIMIT :limit);

-- name: mark_claimed
UPDATE rowlock_task
SET state = 'running', attempt = attempt + 1, token = :token, worker = :worker,
    started_at = :started_at, lease_until = :lease_until, expires_at = NULL, progress = 0,
    progress_message = NULL
WHERE id IN (SELECT value FROM json_each(:ids));

-- name: claim_task
UPDATE rowlock_task
SET state = 'running', attempt = attempt + 1, token = :token, worker = :worker,
    started_at = :now,
    lease_until = :now + :lease,
    expires_at = NULL, progress = 0, progress_message = NULL
WHERE namespace = :namespace AND id = :id AND state IN ('queued', 'scheduled');

-- name: peek_queue
SELECT priority, run_at, id FROM rowlock_task
WHERE namespace = :namespace AND queue = :queue AND state = 'queued'
    AND (:definitions IS NULL OR definition IN (SELECT value FROM json_each(:definitions))
         OR (definition IS NULL AND :without_definition))
    AND (expires_at IS NULL OR expires_at > :now)
    AND NOT EXISTS (
        SELECT 1 FROM rowlock_queue AS q
        WHERE q.namespace = :namespace AND q.name = :queue AND q.paused
            AND (q.paused_until IS NULL OR q.paused_until > :now))
ORDER BY priority, run_at, id LIMIT :limit;

-- name: waiting_queues
-- A few are looked for one by one. For more the index is walked from one queue's first entry to
-- the next one's, whatever lies between.
WITH RECURSIVE found (queue) AS (
    SELECT min(queue) FROM rowlock_task
    WHERE json_array_length(:ids) > 200 AND namespace = :namespace AND state = 'queued'
    UNION ALL
    SELECT (
        SELECT min(t.queue) FROM rowlock_task AS t
        WHERE t.namespace = :namespace AND t.state = 'queued' AND t.queue > found.queue)
    FROM found WHERE found.queue IS NOT NULL)
SELECT queue FROM found WHERE queue IS NOT NULL
UNION ALL
SELECT asked.value FROM json_each(:ids) AS asked
WHERE json_array_length(:ids) <= 200 AND EXISTS (
    SELECT 1 FROM rowlock_task
    WHERE namespace = :namespace AND queue = asked.value AND state = 'queued');

-- name: read_payloads
SELECT task, body FROM rowlock_payload
WHERE task IN (SELECT value FROM json_each(:ids));

-- name: read_token
SELECT token FROM rowlock_task
WHERE id = :id AND namespace = :namespace AND token IS NOT NULL;

-- name: read_claimed
-- What a claim took whose commit was never confirmed. Running rows are few.
SELECT id, queue, definition, payload, attempt, crashes, max_attempts, max_crashes, priority,
    run_at, created_at, started_at, lease_until, expires_at, cancel_requested, unique_key, tags,
    options
FROM rowlock_task WHERE state = 'running' AND token = :token;

-- name: read_tokens
-- Of a claim that is asked for again, whose tokens begin alike. Running rows are few.
SELECT DISTINCT token FROM rowlock_task
WHERE state = 'running' AND namespace = :namespace AND worker = :worker
    AND token BETWEEN :first AND :last;

-- name: lock_held_unlocked
-- Here and below, a batch is the left side of a CROSS JOIN, which SQLite never turns around. Left to
-- itself it reads the whole table, and for each row the batch, once ANALYZE has seen the table empty.
SELECT t.id, t.cancel_requested FROM json_each(:batch) AS v
CROSS JOIN rowlock_task AS t ON t.id = json_extract(v.value, '$[0]') AND t.token = json_extract(v.value, '$[1]');

-- name: extend_leases
-- With a limit, even one that limits nothing, the batch is read once and comes first.
UPDATE rowlock_task SET lease_until = :now + v.lease
FROM (
    SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS lease
    FROM json_each(:batch) LIMIT -1) AS v
WHERE rowlock_task.id = v.id;

-- name: read_held
SELECT t.id, t.cancel_requested FROM json_each(:batch) AS v
CROSS JOIN rowlock_task AS t ON t.id = json_extract(v.value, '$[0]') AND t.token = json_extract(v.value, '$[1]');

-- name: read_standings
-- The plus leaves the namespace to no index: the tasks are found by their ids.
SELECT t.id, coalesce(t.token = json_extract(v.value, '$[1]'), 0), t.state, t.queue, t.definition,
    t.attempt, t.crashes, t.max_attempts, t.options, t.run_at, t.started_at, :now
FROM json_each(:batch) AS v
CROSS JOIN rowlock_task AS t ON t.id = json_extract(v.value, '$[0]')
WHERE +t.namespace = :namespace
UNION ALL
SELECT h.id, 0, h.state, h.queue, h.definition, h.attempt, h.crashes, h.max_attempts, h.options,
    h.run_at, h.started_at, :now
FROM json_each(:batch) AS v
CROSS JOIN rowlock_history AS h ON h.id = json_extract(v.value, '$[0]')
WHERE +h.namespace = :namespace AND h.deleted_at IS NULL;

-- name: lock_held
SELECT t.id, t.cancel_requested FROM json_each(:batch) AS v
CROSS JOIN rowlock_task AS t ON t.id = json_extract(v.value, '$[0]') AND t.token = json_extract(v.value, '$[1]');

-- name: bury_held
-- The guard and the copy in one step. An end is found by its id as a key, which costs half of
-- what extracting it from a value does.
INSERT INTO rowlock_history (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts, crashes,
    max_crashes, token, worker, started_at, finished_at, expires_at, unique_key, progress,
    progress_message, tags, options, payload, result, error, reason, created_at)
SELECT t.id, t.namespace, t.queue, t.definition, json_extract(v.value, '$[1]'), t.priority, t.run_at,
    t.attempt, t.max_attempts, t.crashes, t.max_crashes, t.token, t.worker, t.started_at, :now,
    t.expires_at, t.unique_key,
    CASE WHEN json_extract(v.value, '$[1]') = 'succeeded' THEN 100 ELSE t.progress END,
    t.progress_message, t.tags, t.options, t.payload, json_extract(v.value, '$[2]'),
    json_extract(v.value, '$[3]'), json_extract(v.value, '$[4]'), t.created_at
FROM json_each(:ends) AS v CROSS JOIN rowlock_task AS t ON t.id = v.key
WHERE t.token = json_extract(v.value, '$[0]');

-- name: bury_succeeded
-- `bury_held` for tasks that succeeded without a result: nothing is left to extract.
INSERT INTO rowlock_history (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts, crashes,
    max_crashes, token, worker, started_at, finished_at, expires_at, unique_key, progress,
    progress_message, tags, options, payload, created_at)
SELECT t.id, t.namespace, t.queue, t.definition, 'succeeded', t.priority, t.run_at, t.attempt,
    t.max_attempts, t.crashes, t.max_crashes, t.token, t.worker, t.started_at, :now,
    t.expires_at, t.unique_key, 100, t.progress_message, t.tags, t.options, t.payload,
    t.created_at
FROM json_each(:tokens) AS v CROSS JOIN rowlock_task AS t ON t.id = v.key
WHERE t.token = v.atom;

-- name: delete_held
DELETE FROM rowlock_task
WHERE id IN (
    SELECT t.id FROM json_each(:batch) AS v
    CROSS JOIN rowlock_task AS t
        ON t.id = json_extract(v.value, '$[0]') AND t.token = json_extract(v.value, '$[1]'));

-- name: delete_tasks
DELETE FROM rowlock_task WHERE id IN (SELECT value FROM json_each(:ids));

-- name: record_attempts
INSERT INTO rowlock_attempt (task, token, attempt, worker, started_at, finished_at, outcome, error)
SELECT t.id, t.token, t.attempt, t.worker, t.started_at, :now, json_extract(v.value, '$[4]'),
    json_extract(v.value, '$[5]')
FROM json_each(:batch) AS v CROSS JOIN rowlock_task AS t ON t.id = json_extract(v.value, '$[0]')
WHERE true
ON CONFLICT DO NOTHING;

-- name: requeue_tasks
UPDATE rowlock_task
SET state = CASE WHEN v.delay IS NULL THEN 'queued' ELSE 'scheduled' END,
    run_at = coalesce(:now + v.delay, run_at),
    attempt = attempt - NOT v.charged,
    error = coalesce(v.error, rowlock_task.error),
    token = NULL, lease_until = NULL, started_at = NULL
FROM (
    SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[2]') AS delay,
        json_extract(value, '$[3]') AS charged, json_extract(value, '$[5]') AS error
    FROM json_each(:batch) LIMIT -1) AS v
WHERE rowlock_task.id = v.id;

-- name: read_settled
-- A settle that is repeated finds its own token in history or among the attempts.
SELECT h.id FROM json_each(:batch) AS v
CROSS JOIN rowlock_history AS h ON h.id = json_extract(v.value, '$[0]') AND h.token = json_extract(v.value, '$[1]')
UNION
SELECT a.task FROM json_each(:batch) AS v
CROSS JOIN rowlock_attempt AS a ON a.task = json_extract(v.value, '$[0]') AND a.token = json_extract(v.value, '$[1]')
    AND a.outcome <> 'lost';

-- name: end_leases
UPDATE rowlock_task SET lease_until = :now - :ago
WHERE state = 'running' AND namespace = :namespace AND worker = :worker;

-- name: lock_lost
SELECT id, namespace, queue, definition, worker,
    cancel_requested OR crashes + 1 >= max_crashes
FROM rowlock_task
WHERE state = 'running' AND lease_until < :now - :grace
ORDER BY lease_until LIMIT :limit;

-- name: record_lost
INSERT INTO rowlock_attempt (task, token, attempt, worker, started_at, finished_at, outcome, error)
SELECT id, token, attempt, worker, started_at, :now, 'lost', :error
FROM rowlock_task WHERE id IN (SELECT value FROM json_each(:ids))
ON CONFLICT DO NOTHING;

-- name: charge_crash
UPDATE rowlock_task
SET state = 'queued', token = NULL, lease_until = NULL, error = :error,
    started_at = CASE WHEN cancel_requested OR crashes + 1 >= max_crashes THEN started_at END,
    crashes = crashes + 1
WHERE id IN (SELECT value FROM json_each(:ids));

-- name: bury_hopeless
INSERT INTO rowlock_history (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts, crashes,
    max_crashes, worker, started_at, finished_at, expires_at, unique_key, progress,
    progress_message, tags, options, payload, error, reason, created_at)
SELECT id, namespace, queue, definition,
    CASE WHEN cancel_requested THEN 'canceled' ELSE 'failed' END, priority, run_at, attempt,
    max_attempts, crashes, max_crashes, worker, started_at, :now, expires_at, unique_key,
    progress, progress_message, tags, options, payload, error,
    CASE WHEN cancel_requested THEN 'canceled' ELSE 'crash_loop' END, created_at
FROM rowlock_task WHERE id IN (SELECT value FROM json_each(:ids));

-- name: lock_late
SELECT id FROM rowlock_task
WHERE expires_at <= :now AND token IS NULL ORDER BY expires_at LIMIT :limit;

-- name: bury_waiting
INSERT INTO rowlock_history (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts, crashes,
    max_crashes, worker, started_at, finished_at, expires_at, unique_key, progress,
    progress_message, tags, options, payload, error, reason, created_at)
SELECT id, namespace, queue, definition, :state, priority, run_at, attempt, max_attempts,
    crashes, max_crashes, worker, started_at, :now, expires_at, unique_key, progress,
    progress_message, tags, options, payload, error, :reason, created_at
FROM rowlock_task WHERE id IN (SELECT value FROM json_each(:ids));

-- name: lock_waiting
SELECT id FROM rowlock_task WHERE id = :id AND namespace = :namespace AND token IS NULL;

-- name: lock_running
SELECT id FROM rowlock_task WHERE id = :id AND namespace = :namespace AND token IS NOT NULL;

-- name: request_cancel
UPDATE rowlock_task SET cancel_requested = 1
WHERE id = :id AND namespace = :namespace AND token IS NOT NULL;

-- name: lock_finished
SELECT id, namespace, queue, definition, priority, attempt, max_crashes, unique_key, tags,
    options, payload, error, created_at, token, worker, started_at, finished_at, state
FROM rowlock_history WHERE id = :id AND namespace = :namespace AND deleted_at IS NULL;

-- name: insert_retried
INSERT INTO rowlock_task (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts,
    max_crashes, unique_key, tags, options, payload, error, created_at)
VALUES (
    :id, :namespace, :queue, :definition, 'queued', :priority, :now, :attempt, :max_attempts,
    :max_crashes, :unique_key, :tags, :options, :payload, :error, :created_at)
ON CONFLICT DO NOTHING;

-- name: record_attempt
INSERT INTO rowlock_attempt (task, token, attempt, worker, started_at, finished_at, outcome, error)
VALUES (:task, :token, :attempt, :worker, :started_at, :finished_at, :outcome, :error)
ON CONFLICT DO NOTHING;

-- name: report_progress
UPDATE rowlock_task
SET progress = coalesce(v.progress, rowlock_task.progress),
    progress_message = coalesce(v.message, progress_message)
FROM (
    SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS token,
        json_extract(value, '$[2]') AS progress, json_extract(value, '$[3]') AS message
    FROM json_each(:batch) LIMIT -1) AS v
WHERE rowlock_task.id = v.id AND rowlock_task.token = v.token;

-- name: append_log
INSERT INTO rowlock_log (task, at, token, lines)
SELECT t.id, :now, t.token, json_extract(v.value, '$[2]')
FROM json_each(:batch) AS v
CROSS JOIN rowlock_task AS t
    ON t.id = json_extract(v.value, '$[0]') AND t.token = json_extract(v.value, '$[1]')
WHERE true
ON CONFLICT DO NOTHING;

-- name: read_log
SELECT l.at, l.lines, coalesce(a.attempt, t.attempt, h.attempt)
FROM rowlock_log AS l
LEFT JOIN rowlock_attempt AS a ON a.task = l.task AND a.token = l.token
LEFT JOIN rowlock_task AS t ON t.id = l.task AND t.token = l.token
LEFT JOIN rowlock_history AS h ON h.id = l.task AND h.token = l.token
WHERE l.task = :id ORDER BY l.at;

-- name: lock_old
SELECT id FROM rowlock_history
WHERE namespace = :namespace AND queue = :queue AND finished_at < :now - :older_than
ORDER BY finished_at LIMIT :limit;

-- name: delete_attempts
DELETE FROM rowlock_attempt WHERE task IN (SELECT value FROM json_each(:ids));

-- name: delete_log
DELETE FROM rowlock_log WHERE task IN (SELECT value FROM json_each(:ids));

-- name: delete_payloads
DELETE FROM rowlock_payload WHERE task IN (SELECT value FROM json_each(:ids));

-- name: delete_history
DELETE FROM rowlock_history WHERE id IN (SELECT value FROM json_each(:ids));
