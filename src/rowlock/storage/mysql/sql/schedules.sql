-- name: insert_schedule
INSERT INTO rowlock_schedule (
    id, namespace, `key`, name, description, status, rule, definition, queue, arguments,
    priority, options, starts_at, ends_at, max_runs, catch_up, catch_up_limit, overlap, jitter,
    runs, missed, last_run_at, last_task, next_at, due_at, waits, problem, declared, created_at,
    updated_at)
VALUES (
    :id, :namespace, :key, :name, :description, :status, :rule, :definition, :queue, :arguments,
    :priority, :options, :starts_at, :ends_at, :max_runs, :catch_up, :catch_up_limit, :overlap,
    :jitter, :runs, :missed, :last_run_at, :last_task, :next_at, :due_at, :waits, :problem,
    :declared, COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)),
    COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)))
ON DUPLICATE KEY UPDATE name = rowlock_schedule.name;

-- name: remove_deleted_schedule
DELETE FROM rowlock_schedule
WHERE namespace = :namespace AND `key` = :key AND deleted_at IS NOT NULL;

-- name: get_schedule
SELECT id, namespace, `key`, name, description, status, rule, definition, queue, arguments,
    priority, options, starts_at, ends_at, max_runs, catch_up, catch_up_limit, overlap, jitter,
    runs, missed, last_run_at, last_task, next_at, due_at, waits, problem, declared, version,
    created_at, updated_at, deleted_at
FROM rowlock_schedule WHERE namespace = :namespace AND `key` = :key;

-- name: get_schedule_by_id
SELECT id, namespace, `key`, name, description, status, rule, definition, queue, arguments,
    priority, options, starts_at, ends_at, max_runs, catch_up, catch_up_limit, overlap, jitter,
    runs, missed, last_run_at, last_task, next_at, due_at, waits, problem, declared, version,
    created_at, updated_at, deleted_at
FROM rowlock_schedule WHERE id = :id AND namespace = :namespace;

-- name: lock_schedule
SELECT id, namespace, `key`, name, description, status, rule, definition, queue, arguments,
    priority, options, starts_at, ends_at, max_runs, catch_up, catch_up_limit, overlap, jitter,
    runs, missed, last_run_at, last_task, next_at, due_at, waits, problem, declared, version,
    created_at, updated_at, deleted_at
FROM rowlock_schedule WHERE namespace = :namespace AND `key` = :key
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
    version = version + 1, updated_at = COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
WHERE id = :id AND version = :version;

-- name: remove_schedule
DELETE FROM rowlock_schedule WHERE id = :id AND version = :version;

-- name: list_schedules
SELECT id, namespace, `key`, name, description, status, rule, definition, queue, arguments,
    priority, options, starts_at, ends_at, max_runs, catch_up, catch_up_limit, overlap, jitter,
    runs, missed, last_run_at, last_task, next_at, due_at, waits, problem, declared, version,
    created_at, updated_at, deleted_at
FROM rowlock_schedule
WHERE namespace = :namespace
    AND (:name IS NULL OR LOCATE(:name, `key`) > 0)
    AND (:status IS NULL OR status = :status)
    AND (:definition IS NULL OR definition = :definition)
    AND (:queue IS NULL OR queue = :queue)
    AND (:declared IS NULL OR (declared IS NOT NULL) = :declared)
    AND (:include_deleted OR deleted_at IS NULL)
ORDER BY
    CASE WHEN :order = 'created' THEN created_at END,
    CASE WHEN :order = '-created' THEN created_at END DESC,
    CASE WHEN :order = '-name' THEN `key` END DESC,
    CASE WHEN :order = 'next' THEN CASE WHEN due_at IS NULL THEN 1 ELSE 0 END END,
    CASE WHEN :order = 'next' THEN due_at END,
    `key`
LIMIT :limit OFFSET :offset;

-- name: count_schedules
SELECT count(*) FROM rowlock_schedule
WHERE namespace = :namespace
    AND (:name IS NULL OR LOCATE(:name, `key`) > 0)
    AND (:status IS NULL OR status = :status)
    AND (:definition IS NULL OR definition = :definition)
    AND (:queue IS NULL OR queue = :queue)
    AND (:declared IS NULL OR (declared IS NOT NULL) = :declared)
    AND (:include_deleted OR deleted_at IS NULL);

-- name: list_firings
SELECT schedule, occurrence, outcome, at, task, reason, passed
FROM rowlock_firing
WHERE schedule = :schedule
    AND (CAST(:before AS DATETIME(6)) IS NULL OR occurrence < CAST(:before AS DATETIME(6)))
ORDER BY occurrence DESC LIMIT :limit;

-- name: next_schedule
SELECT due_at, COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
FROM rowlock_schedule FORCE INDEX (ix_rowlock_schedule_due)
WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1;

-- name: lock_due_schedules
-- What another process is firing is passed over.
SELECT id, namespace, `key`, name, description, status, rule, definition, queue, arguments,
    priority, options, starts_at, ends_at, max_runs, catch_up, catch_up_limit, overlap, jitter,
    runs, missed, last_run_at, last_task, next_at, due_at, waits, problem, declared, version,
    created_at, updated_at, deleted_at
FROM rowlock_schedule FORCE INDEX (ix_rowlock_schedule_due)
WHERE due_at <= COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
ORDER BY due_at LIMIT :limit
FOR UPDATE SKIP LOCKED;

-- name: page_schedules
SELECT id, namespace, `key`, name, description, status, rule, definition, queue, arguments,
    priority, options, starts_at, ends_at, max_runs, catch_up, catch_up_limit, overlap, jitter,
    runs, missed, last_run_at, last_task, next_at, due_at, waits, problem, declared, version,
    created_at, updated_at, deleted_at
FROM rowlock_schedule
WHERE status = 'active' AND deleted_at IS NULL AND id > :after
ORDER BY id LIMIT :limit;

-- name: move_schedules
UPDATE JSON_TABLE(:batch, '$[*]' COLUMNS (
    id char(32) PATH '$.ids', version bigint PATH '$.versions',
    status varchar(10) PATH '$.statuses', runs bigint PATH '$.runs',
    missed bigint PATH '$.missed', last_run_at datetime(6) PATH '$.last_run_ats',
    last_task char(32) PATH '$.last_tasks', next_at datetime(6) PATH '$.next_ats',
    due_at datetime(6) PATH '$.due_ats', waits tinyint PATH '$.waits',
    problem longtext CHARACTER SET utf8mb4 PATH '$.problems')) AS v
STRAIGHT_JOIN rowlock_schedule AS s FORCE INDEX (PRIMARY)
    ON s.id = UNHEX(v.id) AND s.version = v.version
SET s.status = v.status, s.runs = v.runs, s.missed = v.missed, s.last_run_at = v.last_run_at,
    s.last_task = UNHEX(v.last_task), s.next_at = v.next_at, s.due_at = v.due_at,
    s.waits = v.waits, s.problem = v.problem,
    s.version = s.version + 1;

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
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    schedule char(32) PATH '$.schedules', occurrence datetime(6) PATH '$.occurrences')) AS v
STRAIGHT_JOIN rowlock_firing AS f FORCE INDEX (PRIMARY)
    ON f.schedule = UNHEX(v.schedule) AND f.occurrence = v.occurrence;

-- name: insert_firings
INSERT INTO rowlock_firing (schedule, occurrence, outcome, at, task, reason, passed)
SELECT UNHEX(v.schedule), v.occurrence, v.outcome, v.at, UNHEX(v.task), v.reason, v.passed
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    schedule char(32) PATH '$.schedules', occurrence datetime(6) PATH '$.occurrences',
    outcome varchar(10) PATH '$.outcomes', at datetime(6) PATH '$.ats',
    task char(32) PATH '$.tasks', reason varchar(20) PATH '$.reasons',
    passed bigint PATH '$.passed')) AS v;

-- name: prune_firings
DELETE FROM rowlock_firing
WHERE at < COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) - INTERVAL :older_than MICROSECOND
ORDER BY at LIMIT :limit;
