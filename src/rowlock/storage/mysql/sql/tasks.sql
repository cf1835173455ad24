-- name: insert_tasks
-- Meeting a row changes it, so the count tells whatever the client flags: one for a row that
-- went in, two for a row that was met. The stamp says whether it was met by its id or by its
-- unique key: only in the first case does a given id name a row that is not ours.
-- A value that does not fit a column of JSON_TABLE is cut or lost without an error: they are wide,
-- in every batch, and the table's own types judge.
INSERT INTO rowlock_task (
    id, namespace, queue, definition, state, priority, run_at, max_attempts, max_crashes,
    expires_at, unique_key, tags, options, payload, created_at)
SELECT UNHEX(v.id), :namespace, v.queue, v.definition,
    CASE WHEN v.due > v.clock THEN 'scheduled' ELSE 'queued' END, v.priority, v.due,
    v.max_attempts, v.max_crashes, v.due + INTERVAL v.lifetime MICROSECOND, v.unique_key,
    v.tags, v.options, v.payload, v.clock
FROM (
    SELECT u.*, m.clock,
        COALESCE(u.run_at, m.clock + INTERVAL COALESCE(u.delay, 0) MICROSECOND) AS due
    FROM (SELECT COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) AS clock) AS m
    CROSS JOIN JSON_TABLE(:batch, '$[*]' COLUMNS (
        id char(32) PATH '$.ids',
        queue longtext CHARACTER SET utf8mb4 PATH '$.queues',
        definition longtext CHARACTER SET utf8mb4 PATH '$.definitions',
        priority bigint PATH '$.priorities',
        run_at datetime(6) PATH '$.run_ats',
        delay bigint PATH '$.delays',
        lifetime bigint PATH '$.lifetimes',
        max_attempts bigint PATH '$.max_attempts',
        max_crashes bigint PATH '$.max_crashes',
        unique_key longtext CHARACTER SET utf8mb4 PATH '$.unique_keys',
        tags longtext CHARACTER SET utf8mb4 PATH '$.tags',
        options longtext CHARACTER SET utf8mb4 PATH '$.options',
        payload longtext CHARACTER SET utf8mb4 PATH '$.payloads')) AS u
) AS v
ON DUPLICATE KEY UPDATE
    clash = CASE
        WHEN rowlock_task.id = UNHEX(v.id) OR rowlock_task.clash <=> :by_id THEN :by_id
        ELSE :by_key END;

-- name: read_inserted
-- Which of the given ids went in with this call: all that are there and were not met.
SELECT t.id
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
WHERE NOT (t.clash <=> :by_id);

-- name: insert_alike
-- Fresh tasks that differ in id and payload alone.
INSERT INTO rowlock_task (
    id, namespace, queue, definition, state, priority, run_at, max_attempts, max_crashes,
    expires_at, tags, options, payload, created_at)
SELECT UNHEX(v.id), :namespace, :queue, :definition, :state, :priority, :run_at, :max_attempts,
    :max_crashes, :expires_at, :tags, :options, v.payload, :created_at
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.ids',
    payload longtext CHARACTER SET utf8mb4 PATH '$.payloads')) AS v;

-- name: insert_payloads
INSERT INTO rowlock_payload (task, body)
SELECT UNHEX(v.id), v.body
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.tasks',
    body longtext CHARACTER SET utf8mb4 PATH '$.bodies')) AS v
ON DUPLICATE KEY UPDATE task = rowlock_payload.task;

-- name: find_replayed
-- Rows that this transaction inserted again although history already holds them. A locking
-- read sees what is committed by now, even in a caller's older snapshot.
SELECT h.id
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_history AS h FORCE INDEX (PRIMARY) ON h.id = UNHEX(v.id)
LOCK IN SHARE MODE;

-- name: read_identities
SELECT t.id, t.namespace, t.definition, COALESCE(t.payload, p.body)
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
LEFT JOIN rowlock_payload AS p ON p.task = t.id
UNION ALL
SELECT h.id, h.namespace, h.definition, COALESCE(h.payload, p.body)
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_history AS h FORCE INDEX (PRIMARY) ON h.id = UNHEX(v.id)
LEFT JOIN rowlock_payload AS p ON p.task = h.id;

-- name: find_unique_holder
SELECT id FROM rowlock_task
WHERE namespace = :namespace
    AND unique_key = CAST(CONVERT(:unique_key USING utf8mb4) AS BINARY);

-- name: lock_due
SELECT id, namespace, queue FROM rowlock_task FORCE INDEX (ix_rowlock_task_due)
WHERE state = 'scheduled'
    AND run_at <= COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
ORDER BY run_at LIMIT :limit
FOR UPDATE SKIP LOCKED;

-- name: mark_queued
UPDATE JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
SET t.state = 'queued';

-- name: next_due
SELECT run_at, COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
FROM rowlock_task FORCE INDEX (ix_rowlock_task_due)
WHERE state = 'scheduled' ORDER BY run_at LIMIT 1;

-- name: lock_claimable
-- The claim index in its own order, and rows that others hold are passed over. A list of
-- words arrives as one text in which a line break stands before and after each.
SELECT id, queue, definition, payload, attempt + 1, crashes, max_attempts, max_crashes, priority,
    run_at, created_at, COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)),
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) + INTERVAL :lease MICROSECOND,
    NULL, cancel_requested, CONVERT(unique_key USING utf8mb4), tags, options
FROM rowlock_task FORCE INDEX (ix_rowlock_task_claim)
WHERE namespace = :namespace AND queue = :queue AND state = 'queued'
    AND priority <= :to_priority
    AND (priority > :from_priority
         OR (priority = :from_priority
             AND (run_at > :run_at OR (run_at = :run_at AND id >= :id))))
    AND (:definitions IS NULL
         OR LOCATE(CONCAT('\n', definition, '\n'), :definitions) > 0
         OR (definition IS NULL AND :without_definition))
    AND (expires_at IS NULL
         OR expires_at > COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)))
    AND NOT EXISTS (
        SELECT 1 FROM rowlock_queue AS q
        WHERE q.namespace = :namespace AND q.name = :queue AND q.paused
            AND (q.paused_until IS NULL
                 OR q.paused_until > COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))))
ORDER BY priority, run_at, id LIMIT :limit
FOR UPDATE SKIP LOCKED;

-- name: lock_claimable_of_several
-- As above, of one queue after the other, for whoever wants as many of each as of all. The order
-- is that in which the index is read: a sort would read every line to its end before the first.
SELECT t.id, t.queue, t.definition, t.payload, t.attempt + 1, t.crashes, t.max_attempts,
    t.max_crashes, t.priority, t.run_at, t.created_at,
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)),
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) + INTERVAL :lease MICROSECOND,
    NULL, t.cancel_requested, CONVERT(t.unique_key USING utf8mb4), t.tags, t.options
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    name varchar(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.queues')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (ix_rowlock_task_claim)
    ON t.namespace = :namespace AND t.queue = v.name AND t.state = 'queued'
WHERE (:definitions IS NULL
       OR LOCATE(CONCAT('\n', t.definition, '\n'), :definitions) > 0
       OR (t.definition IS NULL AND :without_definition))
    AND (t.expires_at IS NULL
         OR t.expires_at > COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)))
    AND NOT EXISTS (
        SELECT 1 FROM rowlock_queue AS q
        WHERE q.namespace = :namespace AND q.name = v.name AND q.paused
            AND (q.paused_until IS NULL
                 OR q.paused_until > COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))))
LIMIT :limit
FOR UPDATE SKIP LOCKED;

-- name: is_any_above
-- Backwards: behind the end of this stretch lie the entries of what was claimed, and while an old
-- snapshot keeps them a look that reaches it walks over all of them, whatever its condition says.
SELECT 1 FROM rowlock_task FORCE INDEX (ix_rowlock_task_claim)
WHERE namespace = :namespace AND queue = :queue AND state = 'queued' AND priority <= :to_priority
ORDER BY namespace DESC, queue DESC, state DESC, priority DESC, run_at DESC, id DESC LIMIT 1;

-- name: mark_claimed
UPDATE JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
SET t.state = 'running', t.attempt = t.attempt + 1, t.token = :token, t.worker = :worker,
    t.started_at = :started_at, t.lease_until = :lease_until, t.expires_at = NULL,
    t.progress = 0, t.progress_message = NULL;

-- name: claim_task
UPDATE rowlock_task
SET state = 'running', attempt = attempt + 1, token = :token, worker = :worker,
    started_at = COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)),
    lease_until = COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) + INTERVAL :lease MICROSECOND,
    expires_at = NULL, progress = 0, progress_message = NULL
WHERE namespace = :namespace AND id = :id AND state IN ('queued', 'scheduled');

-- name: peek_queue
SELECT priority, run_at, id FROM rowlock_task FORCE INDEX (ix_rowlock_task_claim)
WHERE namespace = :namespace AND queue = :queue AND state = 'queued'
    AND (:definitions IS NULL
         OR LOCATE(CONCAT('\n', definition, '\n'), :definitions) > 0
         OR (definition IS NULL AND :without_definition))
    AND (expires_at IS NULL
         OR expires_at > COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)))
    AND NOT EXISTS (
        SELECT 1 FROM rowlock_queue AS q
        WHERE q.namespace = :namespace AND q.name = :queue AND q.paused
            AND (q.paused_until IS NULL
                 OR q.paused_until > COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))))
ORDER BY priority, run_at, id LIMIT :limit;

-- name: waiting_queues
-- Each of them is looked for: the index has what waits and what does not behind its queues.
SELECT v.name
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    name varchar(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.queues')) AS v
WHERE EXISTS (
    SELECT 1 FROM rowlock_task AS t FORCE INDEX (ix_rowlock_task_claim)
    WHERE t.namespace = :namespace AND t.queue = v.name AND t.state = 'queued');

-- name: read_payloads
SELECT p.task, p.body
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_payload AS p FORCE INDEX (PRIMARY) ON p.task = UNHEX(v.id);

-- name: read_token
SELECT token FROM rowlock_task
WHERE id = :id AND namespace = :namespace AND token IS NOT NULL;

-- name: read_claimed
-- What a claim took whose commit was never confirmed. Running rows are few.
SELECT id, queue, definition, payload, attempt, crashes, max_attempts, max_crashes, priority,
    run_at, created_at, started_at, lease_until, expires_at, cancel_requested,
    CONVERT(unique_key USING utf8mb4), tags, options
FROM rowlock_task FORCE INDEX (ix_rowlock_task_due)
WHERE state = 'running' AND token = :token;

-- name: read_tokens
-- Of a claim that is asked for again, whose tokens begin alike. Running rows are few.
SELECT DISTINCT token FROM rowlock_task FORCE INDEX (ix_rowlock_task_due)
WHERE state = 'running' AND namespace = :namespace AND worker = :worker
    AND token BETWEEN :first AND :last;

-- name: lock_held_unlocked
-- A locked row is being settled: it is skipped, and looked at by the next statement.
SELECT t.id, t.cancel_requested
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.ids', token char(32) PATH '$.tokens')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
WHERE t.token = UNHEX(v.token)
FOR UPDATE SKIP LOCKED;

-- name: extend_leases
UPDATE JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.ids', lease bigint PATH '$.leases')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
SET t.lease_until = COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
    + INTERVAL v.lease MICROSECOND;

-- name: read_held
SELECT t.id, t.cancel_requested
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.ids', token char(32) PATH '$.tokens')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
WHERE t.token = UNHEX(v.token);

-- name: read_standings
SELECT t.id, COALESCE(t.token = UNHEX(v.token), false), t.state, t.queue, t.definition, t.attempt,
    t.crashes, t.max_attempts, t.options, t.run_at, t.started_at,
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.ids', token char(32) PATH '$.tokens')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
WHERE t.namespace = :namespace
UNION ALL
SELECT h.id, false, h.state, h.queue, h.definition, h.attempt, h.crashes, h.max_attempts, h.options,
    h.run_at, h.started_at, COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.ids', token char(32) PATH '$.tokens')) AS v
STRAIGHT_JOIN rowlock_history AS h FORCE INDEX (PRIMARY) ON h.id = UNHEX(v.id)
WHERE h.namespace = :namespace AND h.deleted_at IS NULL;

-- name: lock_held
-- The batch comes in the order of ids, and so the locks are taken.
SELECT t.id, t.cancel_requested
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.ids', token char(32) PATH '$.tokens')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
WHERE t.token = UNHEX(v.token)
FOR UPDATE;

-- name: bury_held
-- The guard, the lock and the copy in one step, in the order of ids.
INSERT INTO rowlock_history (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts, crashes,
    max_crashes, token, worker, started_at, finished_at, expires_at, unique_key, progress,
    progress_message, tags, options, payload, result, error, reason, created_at)
SELECT t.id, t.namespace, t.queue, t.definition, v.state, t.priority, t.run_at, t.attempt,
    t.max_attempts, t.crashes, t.max_crashes, t.token, t.worker, t.started_at,
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)), t.expires_at,
    CONVERT(t.unique_key USING utf8mb4),
    CASE WHEN v.state = 'succeeded' THEN 100 ELSE t.progress END, t.progress_message, t.tags,
    t.options, t.payload, v.result, v.error, v.reason, t.created_at
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.ids',
    token char(32) PATH '$.tokens',
    state longtext CHARACTER SET utf8mb4 PATH '$.states',
    result longtext CHARACTER SET utf8mb4 PATH '$.results',
    error longtext CHARACTER SET utf8mb4 PATH '$.errors',
    reason longtext CHARACTER SET utf8mb4 PATH '$.reasons')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
WHERE t.token = UNHEX(v.token)
FOR UPDATE;

-- name: delete_tasks
DELETE t
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id);

-- name: delete_held
DELETE t
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.ids', token char(32) PATH '$.tokens')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
WHERE t.token = UNHEX(v.token);

-- name: record_attempts
INSERT INTO rowlock_attempt (task, token, attempt, worker, started_at, finished_at, outcome, error)
SELECT t.id, t.token, t.attempt, t.worker, t.started_at,
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)), v.outcome, v.error
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.ids',
    outcome longtext CHARACTER SET utf8mb4 PATH '$.outcomes',
    error longtext CHARACTER SET utf8mb4 PATH '$.errors')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
ON DUPLICATE KEY UPDATE task = rowlock_attempt.task;

-- name: requeue_tasks
-- No assignment reads a column that another one writes: their order is not promised here.
UPDATE JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.ids',
    delay bigint PATH '$.delays',
    charged tinyint PATH '$.charged',
    error longtext CHARACTER SET utf8mb4 PATH '$.errors')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
SET t.state = CASE WHEN v.delay IS NULL THEN 'queued' ELSE 'scheduled' END,
    t.run_at = COALESCE(
        COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) + INTERVAL v.delay MICROSECOND,
        t.run_at),
    t.attempt = CASE WHEN v.charged THEN t.attempt ELSE t.attempt - 1 END,
    t.error = COALESCE(v.error, t.error),
    t.token = NULL, t.lease_until = NULL, t.started_at = NULL;

-- name: read_settled
-- A settle that is repeated finds its own token in history or among the attempts.
SELECT h.id
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.ids', token char(32) PATH '$.tokens')) AS v
STRAIGHT_JOIN rowlock_history AS h FORCE INDEX (PRIMARY) ON h.id = UNHEX(v.id)
WHERE h.token = UNHEX(v.token)
UNION
SELECT a.task
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.ids', token char(32) PATH '$.tokens')) AS v
STRAIGHT_JOIN rowlock_attempt AS a FORCE INDEX (PRIMARY)
    ON a.task = UNHEX(v.id) AND a.token = UNHEX(v.token)
WHERE a.outcome <> 'lost';

-- name: end_leases
UPDATE rowlock_task FORCE INDEX (ix_rowlock_task_due)
SET lease_until
    = COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) - INTERVAL :ago MICROSECOND
WHERE state = 'running' AND namespace = :namespace AND worker = :worker;

-- name: lock_lost
-- Running rows are few and are read without a lock; what seems lost is locked and looked at
-- again, for its holder may have renewed or settled in between.
SELECT t.id, t.namespace, t.queue, t.definition, t.worker,
    t.cancel_requested OR t.crashes + 1 >= t.max_crashes
FROM (
    SELECT id FROM rowlock_task FORCE INDEX (ix_rowlock_task_due)
    WHERE state = 'running' AND lease_until
        < COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) - INTERVAL :grace MICROSECOND
    ORDER BY lease_until LIMIT :limit) AS lost
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = lost.id
WHERE t.lease_until
    < COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) - INTERVAL :grace MICROSECOND
FOR UPDATE SKIP LOCKED;

-- name: record_lost
INSERT INTO rowlock_attempt (task, token, attempt, worker, started_at, finished_at, outcome, error)
SELECT t.id, t.token, t.attempt, t.worker, t.started_at,
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)), 'lost', :error
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
ON DUPLICATE KEY UPDATE task = rowlock_attempt.task;

-- name: charge_crash
-- Two columns depend on the old count of crashes, and the order of assignments is not
-- promised when tables are joined: what is read comes from the row's second alias.
UPDATE JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS old FORCE INDEX (PRIMARY) ON old.id = UNHEX(v.id)
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = old.id
SET t.state = 'queued', t.token = NULL, t.lease_until = NULL, t.error = :error,
    t.started_at = CASE
        WHEN old.cancel_requested OR old.crashes + 1 >= old.max_crashes THEN old.started_at END,
    t.crashes = old.crashes + 1;

-- name: bury_hopeless
INSERT INTO rowlock_history (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts, crashes,
    max_crashes, worker, started_at, finished_at, expires_at, unique_key, progress,
    progress_message, tags, options, payload, error, reason, created_at)
SELECT t.id, t.namespace, t.queue, t.definition,
    CASE WHEN t.cancel_requested THEN 'canceled' ELSE 'failed' END, t.priority, t.run_at,
    t.attempt, t.max_attempts, t.crashes, t.max_crashes, t.worker, t.started_at,
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)), t.expires_at,
    CONVERT(t.unique_key USING utf8mb4),
    t.progress, t.progress_message, t.tags, t.options, t.payload, t.error,
    CASE WHEN t.cancel_requested THEN 'canceled' ELSE 'crash_loop' END, t.created_at
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id);

-- name: lock_late
SELECT id FROM rowlock_task FORCE INDEX (ix_rowlock_task_expiry)
WHERE expires_at <= COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) AND token IS NULL
ORDER BY expires_at LIMIT :limit
FOR UPDATE SKIP LOCKED;

-- name: bury_waiting
INSERT INTO rowlock_history (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts, crashes,
    max_crashes, worker, started_at, finished_at, expires_at, unique_key, progress,
    progress_message, tags, options, payload, error, reason, created_at)
SELECT t.id, t.namespace, t.queue, t.definition, :state, t.priority, t.run_at, t.attempt,
    t.max_attempts, t.crashes, t.max_crashes, t.worker, t.started_at,
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)), t.expires_at,
    CONVERT(t.unique_key USING utf8mb4),
    t.progress, t.progress_message, t.tags, t.options, t.payload, t.error, :reason, t.created_at
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id);

-- name: lock_waiting
SELECT id FROM rowlock_task
WHERE id = :id AND namespace = :namespace AND token IS NULL FOR UPDATE;

-- name: lock_running
SELECT id FROM rowlock_task
WHERE id = :id AND namespace = :namespace AND token IS NOT NULL FOR UPDATE;

-- name: request_cancel
UPDATE rowlock_task SET cancel_requested = 1
WHERE id = :id AND namespace = :namespace AND token IS NOT NULL;

-- name: lock_finished
SELECT id, namespace, queue, definition, priority, attempt, max_crashes, unique_key, tags,
    options, payload, error, created_at, token, worker, started_at, finished_at, state
FROM rowlock_history
WHERE id = :id AND namespace = :namespace AND deleted_at IS NULL FOR UPDATE;

-- name: insert_retried
-- Counts 1 when the task went in and 0 when its unique key is held.
INSERT INTO rowlock_task (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts,
    max_crashes, unique_key, tags, options, payload, error, created_at)
VALUES (
    :id, :namespace, :queue, :definition, 'queued', :priority,
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)), :attempt, :max_attempts, :max_crashes,
    :unique_key, :tags, :options, :payload, :error, :created_at)
ON DUPLICATE KEY UPDATE id = rowlock_task.id;

-- name: record_attempt
INSERT INTO rowlock_attempt (task, token, attempt, worker, started_at, finished_at, outcome, error)
VALUES (:task, :token, :attempt, :worker, :started_at, :finished_at, :outcome, :error)
ON DUPLICATE KEY UPDATE task = rowlock_attempt.task;

-- name: report_progress
UPDATE JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.ids',
    token char(32) PATH '$.tokens',
    progress double PATH '$.progresses',
    message longtext CHARACTER SET utf8mb4 PATH '$.messages')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
SET t.progress = COALESCE(v.progress, t.progress),
    t.progress_message = COALESCE(v.message, t.progress_message)
WHERE t.token = UNHEX(v.token);

-- name: append_log
INSERT INTO rowlock_log (task, at, token, `lines`)
SELECT t.id, COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)), t.token, v.body
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.tasks',
    token char(32) PATH '$.tokens',
    body longtext CHARACTER SET utf8mb4 PATH '$.lines')) AS v
STRAIGHT_JOIN rowlock_task AS t FORCE INDEX (PRIMARY) ON t.id = UNHEX(v.id)
WHERE t.token = UNHEX(v.token)
ON DUPLICATE KEY UPDATE task = rowlock_log.task;

-- name: read_log
SELECT l.at, l.`lines`, COALESCE(a.attempt, t.attempt, h.attempt)
FROM rowlock_log AS l
LEFT JOIN rowlock_attempt AS a ON a.task = l.task AND a.token = l.token
LEFT JOIN rowlock_task AS t ON t.id = l.task AND t.token = l.token
LEFT JOIN rowlock_history AS h ON h.id = l.task AND h.token = l.token
WHERE l.task = :id ORDER BY l.at;

-- name: lock_old
SELECT id FROM rowlock_history FORCE INDEX (ix_rowlock_history_finished)
WHERE namespace = :namespace AND queue = :queue AND finished_at
    < COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) - INTERVAL :older_than MICROSECOND
ORDER BY finished_at LIMIT :limit
FOR UPDATE SKIP LOCKED;

-- name: delete_attempts
DELETE a
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_attempt AS a FORCE INDEX (PRIMARY) ON a.task = UNHEX(v.id);

-- name: delete_log
DELETE l
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_log AS l FORCE INDEX (PRIMARY) ON l.task = UNHEX(v.id);

-- name: delete_payloads
DELETE p
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_payload AS p FORCE INDEX (PRIMARY) ON p.task = UNHEX(v.id);

-- name: delete_history
DELETE h
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_history AS h FORCE INDEX (PRIMARY) ON h.id = UNHEX(v.id);
