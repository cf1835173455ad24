-- name: read_aliases
SELECT d.`key`, d.alias
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    name varchar(255) CHARACTER SET utf8mb4 PATH '$.keys')) AS v
STRAIGHT_JOIN rowlock_definition AS d ON d.namespace = :namespace AND d.`key` = v.name;

-- name: put_definition
-- A row that is equal already is not written. Assignments run from left to right: whether
-- anything changes is decided while the other columns are still the old ones.
INSERT INTO rowlock_definition (
    namespace, `key`, id, alias, title, description, memo, status, queue, defaults, created_at,
    updated_at)
VALUES (
    :namespace, :key, :id, :alias, :title, :description, '', 'active', :queue, :defaults,
    coalesce(:now, UTC_TIMESTAMP(6)), coalesce(:now, UTC_TIMESTAMP(6)))
ON DUPLICATE KEY UPDATE
    updated_at = CASE
        WHEN deleted_at IS NOT NULL THEN updated_at
        WHEN alias = :alias AND title = :title AND description = :description
            AND queue = :queue AND defaults <=> :defaults THEN updated_at
        ELSE coalesce(:now, UTC_TIMESTAMP(6)) END,
    alias = CASE WHEN deleted_at IS NULL THEN :alias ELSE alias END,
    title = CASE WHEN deleted_at IS NULL THEN :title ELSE title END,
    description = CASE WHEN deleted_at IS NULL THEN :description ELSE description END,
    queue = CASE WHEN deleted_at IS NULL THEN :queue ELSE queue END,
    defaults = CASE WHEN deleted_at IS NULL THEN :defaults ELSE defaults END;

-- name: insert_definition
INSERT INTO rowlock_definition (
    namespace, `key`, id, alias, title, description, memo, status, queue, defaults, created_at,
    updated_at)
VALUES (
    :namespace, :key, :id, :alias, :title, :description, :memo, :status, :queue, :defaults,
    coalesce(:now, UTC_TIMESTAMP(6)), coalesce(:now, UTC_TIMESTAMP(6)))
ON DUPLICATE KEY UPDATE alias = rowlock_definition.alias;

-- name: remove_deleted_definition
DELETE FROM rowlock_definition
WHERE namespace = :namespace AND `key` = :key AND deleted_at IS NOT NULL;

-- name: get_definition
SELECT id, alias, `key`, title, description, memo, status, queue, defaults,
    created_at, updated_at, deleted_at
FROM rowlock_definition WHERE namespace = :namespace AND `key` = :key;

-- name: get_definition_by_id
SELECT id, alias, `key`, title, description, memo, status, queue, defaults,
    created_at, updated_at, deleted_at
FROM rowlock_definition WHERE namespace = :namespace AND id = :id;

-- name: lock_definition
SELECT id, alias, `key`, title, description, memo, status, queue, defaults,
    created_at, updated_at, deleted_at
FROM rowlock_definition WHERE namespace = :namespace AND `key` = :key FOR UPDATE;

-- name: update_definition
UPDATE rowlock_definition
SET alias = :alias, title = :title, description = :description, memo = :memo, status = :status,
    queue = :queue, defaults = :defaults, updated_at = coalesce(:now, UTC_TIMESTAMP(6))
WHERE namespace = :namespace AND `key` = :key AND id = :id AND deleted_at IS NULL;

-- name: mark_definition_deleted
UPDATE rowlock_definition SET deleted_at = coalesce(:now, UTC_TIMESTAMP(6))
WHERE namespace = :namespace AND `key` = :key AND id = :id AND deleted_at IS NULL;

-- name: remove_definition
DELETE FROM rowlock_definition
WHERE namespace = :namespace AND `key` = :key AND id = :id;

-- name: list_definitions
-- There are few of them: every one is looked at.
SELECT id, alias, `key`, title, description, memo, status, queue, defaults,
    created_at, updated_at, deleted_at
FROM rowlock_definition
WHERE namespace = :namespace
    AND (:alias IS NULL OR LOCATE(:alias, `key`) > 0)
    AND (:status IS NULL OR status = :status)
    AND (CAST(:created_after AS DATETIME(6)) IS NULL OR created_at >= CAST(:created_after AS DATETIME(6)))
    AND (CAST(:created_before AS DATETIME(6)) IS NULL OR created_at < CAST(:created_before AS DATETIME(6)))
    AND (:include_deleted OR deleted_at IS NULL)
ORDER BY
    CASE WHEN :order = 'created' THEN created_at END,
    CASE WHEN :order = '-created' THEN created_at END DESC,
    CASE WHEN :order = '-alias' THEN `key` END DESC,
    `key`
LIMIT :limit OFFSET :offset;

-- name: count_definitions
SELECT count(*) FROM rowlock_definition
WHERE namespace = :namespace
    AND (:alias IS NULL OR LOCATE(:alias, `key`) > 0)
    AND (:status IS NULL OR status = :status)
    AND (CAST(:created_after AS DATETIME(6)) IS NULL OR created_at >= CAST(:created_after AS DATETIME(6)))
    AND (CAST(:created_before AS DATETIME(6)) IS NULL OR created_at < CAST(:created_before AS DATETIME(6)))
    AND (:include_deleted OR deleted_at IS NULL);

-- name: count_definition_tasks
SELECT
    (SELECT count(*) FROM rowlock_task
     WHERE namespace = :namespace AND definition = :key AND token IS NULL),
    (SELECT count(*) FROM rowlock_task
     WHERE namespace = :namespace AND definition = :key AND token IS NOT NULL),
    (SELECT count(*) FROM rowlock_history
     WHERE namespace = :namespace AND definition = :key AND deleted_at IS NULL);
