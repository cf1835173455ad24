-- name: insert_task
-- One fresh task, answered with what the clock and the table of definitions say of it: whoever
-- waits needs no second statement, and no array is taken apart for a single row. The hint to
-- workers goes along: a statement of its own would be a commit of its own.
INSERT INTO rowlock_task AS t (
    id, namespace, queue, definition, state, priority, run_at, max_attempts, max_crashes,
    expires_at, unique_key, tags, options, payload, created_at)
SELECT :id::uuid, :namespace, :queue, :definition,
    CASE WHEN v.due > v.now THEN 'scheduled' ELSE 'queued' END, :priority::smallint, v.due,
    :max_attempts::int, :max_crashes::int, v.due + :lifetime::interval, :unique_key, :tags,
    :options, :payload, v.now
FROM (
    SELECT m.now,
        coalesce(:run_at::timestamptz, m.now + coalesce(:delay::interval, interval '0')) AS due
    FROM (SELECT coalesce(:now::timestamptz, clock_timestamp()) AS now) AS m
) AS v
ON CONFLICT DO NOTHING
RETURNING t.state, t.run_at, t.expires_at, t.created_at, (
    SELECT d.alias FROM rowlock_definition AS d
    WHERE d.namespace = t.namespace AND d.key = t.definition),
    CASE WHEN :hint::text IS NOT NULL THEN pg_notify(:channel, :hint)::text END;

-- name: insert_tasks
-- One array for each column keeps the text the same for one task and for a thousand. What only
-- the database knows is returned and hints are sent along, as for one.
INSERT INTO rowlock_task AS t (
    id, namespace, queue, definition, state, priority, run_at, max_attempts, max_crashes,
    expires_at, unique_key, tags, options, payload, created_at)
SELECT v.id, :namespace, v.queue, v.definition,
    CASE WHEN v.due > m.now THEN 'scheduled' ELSE 'queued' END,
    v.priority, v.due, v.max_attempts, v.max_crashes,
    v.due + v.lifetime, v.unique_key, v.tags, v.options, v.payload, m.now
FROM (SELECT coalesce(:now::timestamptz, clock_timestamp()) AS now) AS m
CROSS JOIN LATERAL (
    SELECT u.*, coalesce(u.run_at, m.now + coalesce(u.delay, interval '0')) AS due
    FROM unnest(
        :ids::uuid[], :queues::text[], :definitions::text[], :priorities::smallint[],
        :run_ats::timestamptz[], :delays::interval[], :lifetimes::interval[],
        :max_attempts::int[], :max_crashes::int[], :unique_keys::text[], :tags::text[],
        :options::text[], :payloads::text[]
    ) AS u (id, queue, definition, priority, run_at, delay, lifetime, max_attempts,
            max_crashes, unique_key, tags, options, payload)
) AS v
ORDER BY v.unique_key, v.id
ON CONFLICT DO NOTHING
RETURNING t.id, t.state, t.run_at, t.expires_at, t.created_at, (
    SELECT d.alias FROM rowlock_definition AS d
    WHERE d.namespace = t.namespace AND d.key = t.definition),
    (SELECT count(pg_notify(:channel, one.hint)) FROM unnest(:hints::text[]) AS one (hint));

-- name: copy_tasks
COPY rowlock_task (
    id, payload, namespace, queue, definition, state, priority, run_at, max_attempts, max_crashes,
    expires_at, tags, options, created_at)
FROM STDIN;

-- name: copy_payloads
COPY rowlock_payload (task, body) FROM STDIN;

-- name: insert_payloads
INSERT INTO rowlock_payload (task, body)
SELECT u.task, u.body FROM unnest(:tasks::uuid[], :bodies::text[]) AS u (task, body)
ON CONFLICT DO NOTHING;

-- name: forget_replayed
-- Rows that this transaction inserted again although history already holds them.
DELETE FROM rowlock_task AS t
WHERE t.id = ANY(:ids::uuid[])
    AND EXISTS (SELECT 1 FROM rowlock_history AS h WHERE h.id = t.id)
RETURNING t.id;

-- name: read_identities
SELECT id, namespace, definition, coalesce(t.payload, p.body)
FROM (
    SELECT id, namespace, definition, payload FROM rowlock_task WHERE id = ANY(:ids::uuid[])
    UNION ALL
    SELECT id, namespace, definition, payload FROM rowlock_history WHERE id = ANY(:ids::uuid[])
) AS t
LEFT JOIN rowlock_payload AS p ON p.task = t.id;

-- name: find_unique_holder
SELECT id FROM rowlock_task WHERE namespace = :namespace AND unique_key = :unique_key;

-- name: promote_tasks
-- Here and elsewhere the clock is a subquery, which is computed once and bounds the index. By itself
-- it may differ from row to row, and is compared with each of them.
WITH due AS MATERIALIZED (
    SELECT id FROM rowlock_task
    WHERE state = 'scheduled' AND run_at <= (SELECT coalesce(:now::timestamptz, clock_timestamp()))
    ORDER BY run_at LIMIT :limit
    FOR UPDATE SKIP LOCKED)
UPDATE rowlock_task AS t SET state = 'queued'
WHERE t.id = ANY (ARRAY (SELECT due.id FROM due))
RETURNING t.id, t.namespace, t.queue;

-- name: next_due
SELECT run_at, coalesce(:now::timestamptz, clock_timestamp())
FROM rowlock_task WHERE state = 'scheduled' ORDER BY run_at LIMIT 1;

-- name: claim_tasks
-- The lanes are scanned in their order and only until there are enough; each begins at its place
-- in the index. The picked rows are locked by this very statement, so the update needs their ids
-- alone: with `state = 'queued'` repeated there the planner may choose the claim index instead,
-- and as a join it may be turned around (see `renew_leases`).
WITH picked AS MATERIALIZED (
    SELECT t.id
    FROM unnest(
        :queues::text[], :limits::int[], :from_priorities::smallint[],
        :to_priorities::smallint[], :run_ats::timestamptz[], :lane_ids::uuid[]
    ) AS lane (queue, most, from_priority, to_priority, run_at, id)
    CROSS JOIN LATERAL (
        SELECT id FROM rowlock_task
        WHERE namespace = :namespace AND queue = lane.queue AND state = 'queued'
            AND (priority, run_at, id) >= (
                lane.from_priority, coalesce(lane.run_at, '-infinity'),
                coalesce(lane.id, '00000000-0000-0000-0000-000000000000'))
            AND priority <= lane.to_priority
            AND (:definitions::text[] IS NULL OR definition = ANY(:definitions::text[])
                 OR (definition IS NULL AND :without_definition::boolean))
            AND (expires_at IS NULL
                 OR expires_at > coalesce(:now::timestamptz, clock_timestamp()))
            AND NOT EXISTS (
                SELECT 1 FROM rowlock_queue AS q
                WHERE q.namespace = :namespace AND q.name = lane.queue AND q.paused
                    AND (q.paused_until IS NULL
                         OR q.paused_until > coalesce(:now::timestamptz, clock_timestamp())))
        ORDER BY priority, run_at, id
        LIMIT lane.most
        FOR UPDATE SKIP LOCKED) AS t
    LIMIT :limit)
UPDATE rowlock_task AS t
SET state = 'running', attempt = t.attempt + 1, token = :token, worker = :worker,
    started_at = coalesce(:now::timestamptz, clock_timestamp()),
    lease_until = coalesce(:now::timestamptz, clock_timestamp()) + :lease,
    expires_at = NULL, progress = 0, progress_message = NULL
WHERE t.id = ANY (ARRAY (SELECT picked.id FROM picked))
RETURNING t.id, t.queue, t.definition, t.payload, t.attempt, t.crashes, t.max_attempts,
    t.max_crashes, t.priority, t.run_at, t.created_at, t.started_at, t.lease_until,
    t.expires_at, t.cancel_requested, t.unique_key, t.tags, t.options;

-- name: claim_task
UPDATE rowlock_task
SET state = 'running', attempt = attempt + 1, token = :token, worker = :worker,
    started_at = coalesce(:now::timestamptz, clock_timestamp()),
    lease_until = coalesce(:now::timestamptz, clock_timestamp()) + :lease,
    expires_at = NULL, progress = 0, progress_message = NULL
WHERE namespace = :namespace AND id = :id AND state IN ('queued', 'scheduled');

-- name: peek_queue
SELECT priority, run_at, id FROM rowlock_task
WHERE namespace = :namespace AND queue = :queue AND state = 'queued'
    AND (:definitions::text[] IS NULL OR definition = ANY(:definitions::text[])
         OR (definition IS NULL AND :without_definition::boolean))
    AND (expires_at IS NULL OR expires_at > coalesce(:now::timestamptz, clock_timestamp()))
    AND NOT EXISTS (
        SELECT 1 FROM rowlock_queue AS q
        WHERE q.namespace = :namespace AND q.name = :queue AND q.paused
            AND (q.paused_until IS NULL
                 OR q.paused_until > coalesce(:now::timestamptz, clock_timestamp())))
ORDER BY priority, run_at, id LIMIT :limit;

-- name: waiting_queues
-- A few are looked for one by one. For more the index is walked from one queue's first entry to
-- the next one's, whatever lies between.
WITH RECURSIVE found AS (
    (SELECT queue FROM rowlock_task
     WHERE cardinality(:queues::text[]) > 200 AND namespace = :namespace AND state = 'queued'
     ORDER BY queue LIMIT 1)
    UNION ALL
    SELECT (
        SELECT t.queue FROM rowlock_task AS t
        WHERE t.namespace = :namespace AND t.state = 'queued' AND t.queue > found.queue
        ORDER BY t.queue LIMIT 1)
    FROM found WHERE found.queue IS NOT NULL)
SELECT queue FROM found WHERE queue IS NOT NULL
UNION ALL
SELECT asked.name FROM unnest(:queues::text[]) AS asked (name)
WHERE cardinality(:queues::text[]) <= 200 AND EXISTS (
    SELECT 1 FROM rowlock_task
    WHERE namespace = :namespace AND queue = asked.name AND state = 'queued'
    ORDER BY priority LIMIT 1);

-- name: read_payloads
SELECT task, body FROM rowlock_payload WHERE task = ANY(:ids::uuid[]);

-- name: read_token
-- By the primary key alone: with the state repeated the planner may choose an index of those
-- that run. Nothing else has a token.
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
    AND token BETWEEN :first::uuid AND :last::uuid;

-- name: renew_leases
-- A locked row is being settled: it is skipped, and looked at by the next statement.
--
-- Here and below, a batch reaches the table through LATERAL and what was locked is then written
-- through `id = ANY (ARRAY (…))`: both can only be done by the primary key. As a join, either
-- could be turned around into a scan of the table for each row of the batch, by a planner whose
-- statistics are from a moment when the table was empty.
WITH held AS MATERIALIZED (
    SELECT t.id
    FROM unnest(:ids::uuid[], :tokens::uuid[]) AS v (id, token)
    CROSS JOIN LATERAL (
        SELECT id FROM rowlock_task WHERE id = v.id AND token = v.token
        FOR UPDATE SKIP LOCKED) AS t)
UPDATE rowlock_task AS t
SET lease_until = coalesce(:now::timestamptz, clock_timestamp()) + :lease::interval
WHERE t.id = ANY (ARRAY (SELECT held.id FROM held))
RETURNING t.id, t.cancel_requested;

-- name: read_held
SELECT t.id, t.cancel_requested
FROM unnest(:ids::uuid[], :tokens::uuid[]) AS v (id, token)
CROSS JOIN LATERAL (
    SELECT id, cancel_requested FROM rowlock_task WHERE id = v.id AND token = v.token
    OFFSET 0) AS t;

-- name: read_standings
SELECT t.id, t.held, t.state, t.queue, t.definition, t.attempt, t.crashes, t.max_attempts,
    t.options, t.run_at, t.started_at, coalesce(:now::timestamptz, clock_timestamp())
FROM unnest(:ids::uuid[], :tokens::uuid[]) AS v (id, token)
CROSS JOIN LATERAL (
    SELECT id, namespace, coalesce(token = v.token, false) AS held, state, queue, definition,
        attempt, crashes, max_attempts, options, run_at, started_at
    FROM rowlock_task WHERE id = v.id
    UNION ALL
    SELECT id, namespace, false, state, queue, definition, attempt, crashes, max_attempts,
        options, run_at, started_at
    FROM rowlock_history WHERE id = v.id AND deleted_at IS NULL
    OFFSET 0) AS t
WHERE t.namespace = :namespace;

-- name: finish_tasks
WITH held AS MATERIALIZED (
    SELECT t.*, v.state AS final, v.result, v.error AS failure, v.reason
    FROM unnest(
        :ids::uuid[], :tokens::uuid[], :states::text[], :results::text[], :errors::text[],
        :reasons::text[]
    ) AS v (id, token, state, result, error, reason)
    CROSS JOIN LATERAL (
        SELECT * FROM rowlock_task WHERE id = v.id AND token = v.token FOR UPDATE) AS t),
ended AS (DELETE FROM rowlock_task WHERE id = ANY (ARRAY (SELECT held.id FROM held)))
INSERT INTO rowlock_history (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts, crashes,
    max_crashes, token, worker, started_at, finished_at, expires_at, unique_key, progress,
    progress_message, tags, options, payload, result, error, reason, created_at)
SELECT id, namespace, queue, definition, final, priority, run_at, attempt, max_attempts, crashes,
    max_crashes, token, worker, started_at, coalesce(:now::timestamptz, clock_timestamp()),
    expires_at, unique_key, CASE WHEN final = 'succeeded' THEN 100 ELSE progress END,
    progress_message, tags, options, payload, result, failure, reason, created_at
FROM held;

-- name: release_tasks
-- Back to the line, except what was asked to cancel meanwhile: that ends here.
WITH held AS MATERIALIZED (
    SELECT t.*, v.delay, v.charged, v.outcome, v.error AS failure
    FROM unnest(
        :ids::uuid[], :tokens::uuid[], :delays::interval[], :charged::boolean[],
        :outcomes::text[], :errors::text[]
    ) AS v (id, token, delay, charged, outcome, error)
    CROSS JOIN LATERAL (
        SELECT * FROM rowlock_task WHERE id = v.id AND token = v.token FOR UPDATE) AS t),
again AS (
    UPDATE rowlock_task AS t
    SET (state, run_at, attempt, error, token, lease_until, started_at) = (
        SELECT CASE WHEN held.delay IS NULL THEN 'queued' ELSE 'scheduled' END,
            CASE WHEN held.delay IS NULL THEN t.run_at
                ELSE coalesce(:now::timestamptz, clock_timestamp()) + held.delay END,
            CASE WHEN held.charged THEN t.attempt ELSE t.attempt - 1 END,
            coalesce(held.failure, t.error), NULL::uuid, NULL::timestamptz, NULL::timestamptz
        FROM held WHERE held.id = t.id)
    WHERE t.id = ANY (ARRAY (SELECT held.id FROM held WHERE NOT held.cancel_requested))),
recorded AS (
    INSERT INTO rowlock_attempt (
        task, token, attempt, worker, started_at, finished_at, outcome, error)
    SELECT id, token, attempt, worker, started_at,
        coalesce(:now::timestamptz, clock_timestamp()), outcome, failure
    FROM held WHERE NOT cancel_requested
    ON CONFLICT DO NOTHING),
stopped AS (
    DELETE FROM rowlock_task
    WHERE id = ANY (ARRAY (SELECT held.id FROM held WHERE held.cancel_requested))),
buried AS (
    INSERT INTO rowlock_history (
        id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts,
        crashes, max_crashes, token, worker, started_at, finished_at, expires_at, unique_key,
        progress, progress_message, tags, options, payload, error, reason, created_at)
    SELECT id, namespace, queue, definition, 'canceled', priority, run_at, attempt,
        max_attempts, crashes, max_crashes, token, worker, started_at,
        coalesce(:now::timestamptz, clock_timestamp()), expires_at, unique_key, progress,
        progress_message, tags, options, payload, failure, 'canceled', created_at
    FROM held WHERE cancel_requested)
SELECT id FROM held;

-- name: read_settled
-- A settle that is repeated finds its own token in history or among the attempts.
SELECT v.id
FROM unnest(:ids::uuid[], :tokens::uuid[]) AS v (id, token)
WHERE (SELECT true FROM rowlock_history AS h WHERE h.id = v.id AND h.token = v.token)
    OR (SELECT true FROM rowlock_attempt AS a
        WHERE a.task = v.id AND a.token = v.token AND a.outcome <> 'lost');

-- name: end_leases
UPDATE rowlock_task
SET lease_until = coalesce(:now::timestamptz, clock_timestamp()) - :ago::interval
WHERE state = 'running' AND namespace = :namespace AND worker = :worker;

-- name: rescue_tasks
-- Taking the lock looks at the lease once more: a holder that renewed or settled in between is
-- left alone.
WITH lost AS MATERIALIZED (
    SELECT *, cancel_requested OR crashes + 1 >= max_crashes AS hopeless
    FROM rowlock_task
    WHERE state = 'running'
        AND lease_until < (SELECT coalesce(:now::timestamptz, clock_timestamp()) - :grace::interval)
        AND lease_until >= (
            SELECT coalesce(:now::timestamptz, clock_timestamp()) - :grace::interval
                - :reach::interval)
    ORDER BY lease_until LIMIT :limit
    FOR UPDATE SKIP LOCKED),
again AS (
    UPDATE rowlock_task AS t
    SET state = 'queued', crashes = t.crashes + 1, token = NULL, lease_until = NULL,
        started_at = NULL, error = :error
    WHERE t.id = ANY (ARRAY (SELECT lost.id FROM lost WHERE NOT lost.hopeless))),
recorded AS (
    INSERT INTO rowlock_attempt (
        task, token, attempt, worker, started_at, finished_at, outcome, error)
    SELECT id, token, attempt, worker, started_at,
        coalesce(:now::timestamptz, clock_timestamp()), 'lost', :error
    FROM lost WHERE NOT hopeless
    ON CONFLICT DO NOTHING),
ended AS (
    DELETE FROM rowlock_task
    WHERE id = ANY (ARRAY (SELECT lost.id FROM lost WHERE lost.hopeless))),
buried AS (
    INSERT INTO rowlock_history (
        id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts,
        crashes, max_crashes, worker, started_at, finished_at, expires_at, unique_key,
        progress, progress_message, tags, options, payload, error, reason, created_at)
    SELECT id, namespace, queue, definition,
        CASE WHEN cancel_requested THEN 'canceled' ELSE 'failed' END, priority, run_at,
        attempt, max_attempts, crashes + 1, max_crashes, worker, started_at,
        coalesce(:now::timestamptz, clock_timestamp()), expires_at, unique_key, progress,
        progress_message, tags, options, payload, :error,
        CASE WHEN cancel_requested THEN 'canceled' ELSE 'crash_loop' END, created_at
    FROM lost WHERE hopeless)
SELECT id, namespace, queue, definition, worker, hopeless FROM lost;

-- name: expire_tasks
WITH late AS MATERIALIZED (
    SELECT * FROM rowlock_task
    WHERE expires_at <= (SELECT coalesce(:now::timestamptz, clock_timestamp())) AND token IS NULL
    ORDER BY expires_at LIMIT :limit
    FOR UPDATE SKIP LOCKED),
ended AS (DELETE FROM rowlock_task WHERE id = ANY (ARRAY (SELECT late.id FROM late)))
INSERT INTO rowlock_history (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts, crashes,
    max_crashes, finished_at, expires_at, unique_key, progress, progress_message, tags, options,
    payload, error, reason, created_at)
SELECT id, namespace, queue, definition, 'expired', priority, run_at, attempt, max_attempts,
    crashes, max_crashes, coalesce(:now::timestamptz, clock_timestamp()), expires_at, unique_key,
    progress, progress_message, tags, options, payload, error, 'lifetime', created_at
FROM late
RETURNING id;

-- name: cancel_waiting
WITH ended AS (
    DELETE FROM rowlock_task
    WHERE id = :id AND namespace = :namespace AND token IS NULL
    RETURNING *)
INSERT INTO rowlock_history (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts, crashes,
    max_crashes, finished_at, expires_at, unique_key, progress, progress_message, tags, options,
    payload, error, reason, created_at)
SELECT id, namespace, queue, definition, 'canceled', priority, run_at, attempt, max_attempts,
    crashes, max_crashes, coalesce(:now::timestamptz, clock_timestamp()), expires_at, unique_key,
    progress, progress_message, tags, options, payload, error, :reason, created_at
FROM ended
RETURNING id;

-- name: request_cancel
UPDATE rowlock_task SET cancel_requested = true
WHERE id = :id AND namespace = :namespace AND token IS NOT NULL
RETURNING id;

-- name: cancel_running
-- By force: the holder's token leaves with the row, so its settle finds nothing.
WITH ended AS (
    DELETE FROM rowlock_task
    WHERE id = :id AND namespace = :namespace AND token IS NOT NULL
    RETURNING *)
INSERT INTO rowlock_history (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts, crashes,
    max_crashes, worker, started_at, finished_at, expires_at, unique_key, progress,
    progress_message, tags, options, payload, error, reason, created_at)
SELECT id, namespace, queue, definition, 'canceled', priority, run_at, attempt, max_attempts,
    crashes, max_crashes, worker, started_at, coalesce(:now::timestamptz, clock_timestamp()),
    expires_at, unique_key, progress, progress_message, tags, options, payload, error, :reason,
    created_at
FROM ended
RETURNING id;

-- name: take_from_history
DELETE FROM rowlock_history WHERE id = :id AND namespace = :namespace AND deleted_at IS NULL
RETURNING id, namespace, queue, definition, priority, attempt, max_crashes, unique_key, tags,
    options, payload, error, created_at, token, worker, started_at, finished_at, state;

-- name: insert_retried
INSERT INTO rowlock_task (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts,
    max_crashes, unique_key, tags, options, payload, error, created_at)
VALUES (
    :id, :namespace, :queue, :definition, 'queued', :priority,
    coalesce(:now::timestamptz, clock_timestamp()), :attempt, :max_attempts, :max_crashes,
    :unique_key, :tags, :options, :payload, :error, :created_at)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: record_attempt
INSERT INTO rowlock_attempt (
    task, token, attempt, worker, started_at, finished_at, outcome, error)
VALUES (:task, :token, :attempt, :worker, :started_at, :finished_at, :outcome, :error)
ON CONFLICT DO NOTHING;

-- name: report_progress
WITH held AS MATERIALIZED (
    SELECT t.id, v.progress, v.message
    FROM unnest(
        :ids::uuid[], :tokens::uuid[], :progresses::double precision[], :messages::text[]
    ) AS v (id, token, progress, message)
    CROSS JOIN LATERAL (
        SELECT id FROM rowlock_task WHERE id = v.id AND token = v.token FOR UPDATE) AS t)
UPDATE rowlock_task AS t
SET (progress, progress_message) = (
    SELECT coalesce(held.progress, t.progress), coalesce(held.message, t.progress_message)
    FROM held WHERE held.id = t.id)
WHERE t.id = ANY (ARRAY (SELECT held.id FROM held))
RETURNING t.id;

-- name: append_log
INSERT INTO rowlock_log (task, at, token, lines)
SELECT v.task, coalesce(:now::timestamptz, clock_timestamp()), v.token, v.lines
FROM unnest(:tasks::uuid[], :tokens::uuid[], :lines::text[]) AS v (task, token, lines)
WHERE (SELECT true FROM rowlock_task AS t WHERE t.id = v.task AND t.token = v.token)
ON CONFLICT DO NOTHING;

-- name: read_log
SELECT l.at, l.lines, coalesce(a.attempt, t.attempt, h.attempt)
FROM rowlock_log AS l
LEFT JOIN rowlock_attempt AS a ON a.task = l.task AND a.token = l.token
LEFT JOIN rowlock_task AS t ON t.id = l.task AND t.token = l.token
LEFT JOIN rowlock_history AS h ON h.id = l.task AND h.token = l.token
WHERE l.task = :id ORDER BY l.at;

-- name: prune_history
WITH old AS MATERIALIZED (
    SELECT id FROM rowlock_history
    WHERE namespace = :namespace AND queue = :queue
        AND finished_at < (SELECT coalesce(:now::timestamptz, clock_timestamp()) - :older_than::interval)
    ORDER BY finished_at LIMIT :limit
    FOR UPDATE SKIP LOCKED),
attempts AS (DELETE FROM rowlock_attempt WHERE task = ANY (ARRAY (SELECT old.id FROM old))),
logs AS (DELETE FROM rowlock_log WHERE task = ANY (ARRAY (SELECT old.id FROM old))),
payloads AS (DELETE FROM rowlock_payload WHERE task = ANY (ARRAY (SELECT old.id FROM old)))
DELETE FROM rowlock_history WHERE id = ANY (ARRAY (SELECT old.id FROM old))
RETURNING id;
