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
    :declared, :now, :now)
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
FROM rowlock_schedule WHERE namespace = :namespace AND key = :key;

-- name: update_schedule
UPDATE rowlock_schedule
SET name = :name, description = :description, status = :status, rule = :rule,
    definition = :definition, queue = :queue, arguments = :arguments, priority = :priority,
    options = :options, starts_at = :starts_at, ends_at = :ends_at, max_runs = :max_runs,
    catch_up = :catch_up, catch_up_limit = :catch_up_limit, overlap = :overlap,
    jitter = :jitter, runs = :runs, missed = :missed, last_run_at = :last_run_at,
    last_task = :last_task, next_at = :next_at, due_at = :due_at, waits = :waits,
    problem = :problem, declared = :declared, deleted_at = :deleted_at,
    version = version + 1, updated_at = :now
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
    AND (:name IS NULL OR instr(key, :name) > 0)
    AND (:status IS NULL OR status = :status)
    AND (:definition IS NULL OR definition = :definition)
    AND (:queue IS NULL OR queue = :queue)
    AND (:declared IS NULL OR (declared IS NOT NULL) = :declared)
    AND (:include_deleted OR deleted_at IS NULL)
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
    AND (:name IS NULL OR instr(key, :name) > 0)
    AND (:status IS NULL OR status = :status)
    AND (:definition IS NULL OR definition = :definition)
    AND (:queue IS NULL OR queue = :queue)
    AND (:declared IS NULL OR (declared IS NOT NULL) = :declared)
    AND (:include_deleted OR deleted_at IS NULL);

-- name: list_firings
SELECT schedule, occurrence, outcome, at, task, reason, passed
FROM rowlock_firing
WHERE schedule = :schedule
    AND (:before IS NULL OR occurrence < :before)
ORDER BY occurrence DESC LIMIT :limit;

-- name: next_schedule
SELECT due_at, :now
FROM rowlock_schedule
WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1;

-- name: lock_due_schedules
-- One writer at a time: BEGIN IMMEDIATE is the lock.
SELECT id, namespace, key, name, description, status, rule, definition, queue, arguments, priority,
    options, starts_at, ends_at, max_runs, catch_up, catch_up_limit, overlap, jitter, runs,
    missed, last_run_at, last_task, next_at, due_at, waits, problem, declared, version,
    created_at, updated_at, deleted_at
FROM rowlock_schedule
WHERE due_at <= :now
ORDER BY due_at LIMIT :limit;

-- name: page_schedules
SELECT id, namespace, key, name, description, status, rule, definition, queue, arguments, priority,
    options, starts_at, ends_at, max_runs, catch_up, catch_up_limit, overlap, jitter, runs,
    missed, last_run_at, last_task, next_at, due_at, waits, problem, declared, version,
    created_at, updated_at, deleted_at
FROM rowlock_schedule
WHERE status = 'active' AND deleted_at IS NULL AND id > :after
ORDER BY id LIMIT :limit;

-- name: move_schedules
UPDATE rowlock_schedule
SET status = json_extract(v.value, '$[2]'), runs = json_extract(v.value, '$[3]'),
    missed = json_extract(v.value, '$[4]'), last_run_at = json_extract(v.value, '$[5]'),
    last_task = json_extract(v.value, '$[6]'), next_at = json_extract(v.value, '$[7]'),
    due_at = json_extract(v.value, '$[8]'), waits = json_extract(v.value, '$[9]'),
    problem = json_extract(v.value, '$[10]'),
    version = rowlock_schedule.version + 1
FROM json_each(:batch) AS v
WHERE rowlock_schedule.id = json_extract(v.value, '$[0]')
    AND rowlock_schedule.version = json_extract(v.value, '$[1]');

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
FROM json_each(:batch) AS v
CROSS JOIN rowlock_firing AS f
    ON f.schedule = json_extract(v.value, '$[0]') AND f.occurrence = json_extract(v.value, '$[1]');

-- name: insert_firings
INSERT INTO rowlock_firing (schedule, occurrence, outcome, at, task, reason, passed)
SELECT
    json_extract(v.value, '$[0]'), json_extract(v.value, '$[1]'), json_extract(v.value, '$[2]'),
    json_extract(v.value, '$[3]'), json_extract(v.value, '$[4]'), json_extract(v.value, '$[5]'),
    json_extract(v.value, '$[6]')
FROM json_each(:batch) AS v;

-- name: prune_firings
DELETE FROM rowlock_firing WHERE (schedule, occurrence) IN (
    SELECT schedule, occurrence FROM rowlock_firing
    WHERE at < :now - :older_than ORDER BY at LIMIT :limit);
