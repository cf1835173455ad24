-- name: insert_schedule
INSERT INTO rowlock_schedule (
    id, namespace, key, name, description, status, rule, definition, queue, arguments, priority,
    options, starts_at, ends_at, max_runs, catch_up, catch_up_limit, overlap, jitter, runs,
    missed, last_run_at, last_task, next_at, due_at, waits, problem, declared, created_at,
    updated_at)
VALUES (
    :id, :namespace, :key, :name, :description, :status, :rule, :definition, :queue, :arguments,
    :priority, :options, :starts_at, :ends_at, :max_runs, :catch_up, :catch_up_limit, :overlap,
    :jitter, :runs, :missed, :last_run_at, :last_task, :next_at, :due_at, :waits, :problem,
    :declared, coalesce(:now::timestamptz, clock_timestamp()),
    coalesce(:now::timestamptz, clock_timestamp()))
ON CONFLICT DO NOTHING;

-- name: remove_deleted_schedule
DELETE FROM rowlock_schedule
WHERE namespace = :namespace AND key = :key AND deleted_at IS NOT NULL;

-- name: get_schedule
SELECT id, namespace, key, name, description, status, rule, definition, queue, arguments, priority,
    options, starts_at, ends_at, max_runs, catch_up, catch_up_limit, overlap, jitter, runs,
    missed, last_run_at, last_task, next_at, due_at, waits, problem, declared, version,
    created_at, updated_at, deleted_at
FROM rowlock_schedule WHERE namespace = :namespace AND key = :key;

-- name: get_schedule_by_id
SELECT id, namespace, key, name, description, status, rule, definition, queue, arguments, priority,
    options, starts_at, ends_at, max_runs, catch_up, catch_up_limit, overlap, jitter, runs,
    missed, last_run_at, last_task, next_at, due_at, waits, problem, declared, version,
    created_at, updated_at, deleted_at
FROM rowlock_schedule WHERE id = :id AND namespace = :namespace;

-- name: lock_schedule
SELECT id, namespace, key, name, description, status, rule, definition, queue, arguments, priority,
    options, starts_at, ends_at, max_runs, catch_up, catch_up_limit, overlap, jitter, runs,
    missed, last_run_at, last_task, next_at, due_at, waits, problem, declared, version,
    created_at, updated_at, deleted_at
FROM rowlock_schedule WHERE namespace = :namespace AND key = :key
FOR UPDATE;

-- name: update_schedule
UPDATE rowlock_schedule
SET name = :name, description = :description, status = :status, rule = :rule,
    definition = :definition, queue = :queue, arguments = :arguments, priority = :priority,
    options = :options, starts_at = :starts_at, ends_at = :ends_at, max_runs = :max_runs,
    catch_up = :catch_up, catch_up_limit = :catch_up_limit, overlap = :overlap,
    jitter = :jitter, runs = :runs, missed = :missed, last_run_at = :last_run_at,
    last_task = :last_task, next_at = :next_at, due_at = :due_at, waits = :waits,
    problem = :problem, declared = :declared, deleted_at = :deleted_at,
    version = version + 1, updated_at = coalesce(:now::timestamptz, clock_timestamp())
WHERE id = :id AND version = :version;

-- name: remove_schedule
DELETE FROM rowlock_schedule WHERE id = :id AND version = :version;

-- name: list_schedules
SELECT id, namespace, key, name, description, status, rule, definition, queue, arguments, priority,
    options, starts_at, ends_at, max_runs, catch_up, catch_up_limit, overlap, jitter, runs,
    missed, last_run_at, last_task, next_at, due_at, waits, problem, declared, version,
    created_at, updated_at, deleted_at
FROM rowlock_schedule
WHERE namespace = :namespace
    AND (:name::text IS NULL OR strpos(key, :name) > 0)
    AND (:status::text IS NULL OR status = :status)
    AND (:definition::text IS NULL OR definition = :definition)
    AND (:queue::text IS NULL OR queue = :queue)
    AND (:declared::boolean IS NULL OR (declared IS NOT NULL) = :declared)
    AND (:include_deleted::boolean OR deleted_at IS NULL)
ORDER BY
    CASE WHEN :order = 'created' THEN created_at END,
    CASE WHEN :order = '-created' THEN created_at END DESC,
    CASE WHEN :order = '-name' THEN key END DESC,
    CASE WHEN :order = 'next' THEN CASE WHEN due_at IS NULL THEN 1 ELSE 0 END END,
    CASE WHEN :order = 'next' THEN due_at END,
    key
LIMIT :limit OFFSET :offset;

-- name: count_schedules
SELECT count(*) FROM rowlock_schedule
WHERE namespace = :namespace
    AND (:name::text IS NULL OR strpos(key, :name) > 0)
    AND (:status::text IS NULL OR status = :status)
    AND (:definition::text IS NULL OR definition = :definition)
    AND (:queue::text IS NULL OR queue = :queue)
    AND (:declared::boolean IS NULL OR (declared IS NOT NULL) = :declared)
    AND (:include_deleted::boolean OR deleted_at IS NULL);

-- name: list_firings
SELECT schedule, occurrence, outcome, at, task, reason, passed
FROM rowlock_firing
WHERE schedule = :schedule
    AND (:before::timestamptz IS NULL OR occurrence < :before::timestamptz)
ORDER BY occurrence DESC LIMIT :limit;

-- name: next_schedule
SELECT due_at, coalesce(:now::timestamptz, clock_timestamp())
FROM rowlock_schedule
WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1;

-- name: lock_due_schedules
-- What another process is firing is passed over.
SELECT id, namespace, key, name, description, status, rule, definition, queue, arguments, priority,
    options, starts_at, ends_at, max_runs, catch_up, catch_up_limit, overlap, jitter, runs,
    missed, last_run_at, last_task, next_at, due_at, waits, problem, declared, version,
    created_at, updated_at, deleted_at
FROM rowlock_schedule
WHERE due_at <= (SELECT coalesce(:now::timestamptz, clock_timestamp()))
ORDER BY due_at LIMIT :limit
FOR UPDATE SKIP LOCKED;

-- name: page_schedules
SELECT id, namespace, key, name, description, status, rule, definition, queue, arguments, priority,
    options, starts_at, ends_at, max_runs, catch_up, catch_up_limit, overlap, jitter, runs,
    missed, last_run_at, last_task, next_at, due_at, waits, problem, declared, version,
    created_at, updated_at, deleted_at
FROM rowlock_schedule
WHERE status = 'active' AND deleted_at IS NULL AND id > :after::uuid
ORDER BY id LIMIT :limit;

-- name: move_schedules
UPDATE rowlock_schedule AS s
SET status = v.status, runs = v.runs, missed = v.missed, last_run_at = v.last_run_at,
    last_task = v.last_task, next_at = v.next_at, due_at = v.due_at, waits = v.waits,
    problem = v.problem,
    version = s.version + 1
FROM unnest(
        :ids::uuid[], :versions::bigint[], :statuses::text[], :runs::bigint[],
        :missed::bigint[], :last_run_ats::timestamptz[], :last_tasks::uuid[],
        :next_ats::timestamptz[], :due_ats::timestamptz[], :waits::boolean[], :problems::text[]
) AS v (id, version, status, runs, missed, last_run_at,
        last_task, next_at, due_at, waits, problem)
WHERE s.id = v.id AND s.version = v.version;

-- name: count_live_runs
-- The tasks of the last occurrences, those run by hand included; a backfill stands in nobody's way.
SELECT count(*)
FROM (
    SELECT task, reason FROM rowlock_firing
    WHERE schedule = :schedule ORDER BY occurrence DESC LIMIT :last) AS r
JOIN rowlock_task AS t ON t.id = r.task
WHERE r.reason IS NULL OR r.reason <> 'backfill';

-- name: read_firings
SELECT f.schedule, f.occurrence
FROM unnest(:schedules::uuid[], :occurrences::timestamptz[]) AS v (schedule, occurrence)
JOIN rowlock_firing AS f ON f.schedule = v.schedule AND f.occurrence = v.occurrence;

-- name: insert_firings
INSERT INTO rowlock_firing (schedule, occurrence, outcome, at, task, reason, passed)
SELECT v.schedule, v.occurrence, v.outcome, v.at, v.task, v.reason, v.passed
FROM unnest(
    :schedules::uuid[], :occurrences::timestamptz[], :outcomes::text[], :ats::timestamptz[],
    :tasks::uuid[], :reasons::text[], :passed::bigint[]
) AS v (schedule, occurrence, outcome, at, task, reason, passed);

-- name: prune_firings
DELETE FROM rowlock_firing WHERE (schedule, occurrence) IN (
    SELECT schedule, occurrence FROM rowlock_firing
    WHERE at < (SELECT coalesce(:now::timestamptz, clock_timestamp()) - :older_than::interval)
    ORDER BY at LIMIT :limit FOR UPDATE SKIP LOCKED);
