-- name: read_aliases
SELECT key, alias FROM rowlock_definition
WHERE namespace = :namespace AND key IN (SELECT value FROM json_each(:ids));

-- name: put_definition
-- Written only when something changed: registering at every start costs readers nothing.
INSERT INTO rowlock_definition (
    namespace, key, id, alias, title, description, memo, status, queue, defaults, created_at,
    updated_at)
VALUES (
    :namespace, :key, :id, :alias, :title, :description, '', 'active', :queue, :defaults,
    :now, :now)
ON CONFLICT (namespace, key) DO UPDATE
SET alias = excluded.alias, title = excluded.title, description = excluded.description,
    queue = excluded.queue, defaults = excluded.defaults, updated_at = excluded.updated_at
WHERE rowlock_definition.deleted_at IS NULL
    AND (rowlock_definition.alias, rowlock_definition.title, rowlock_definition.description,
       rowlock_definition.queue, rowlock_definition.defaults)
    IS NOT (excluded.alias, excluded.title, excluded.description,
       excluded.queue, excluded.defaults);

-- name: insert_definition
INSERT INTO rowlock_definition (
    namespace, key, id, alias, title, description, memo, status, queue, defaults, created_at,
    updated_at)
VALUES (
    :namespace, :key, :id, :alias, :title, :description, :memo, :status, :queue, :defaults,
    :now, :now)
ON CONFLICT DO NOTHING;

-- name: remove_deleted_definition
DELETE FROM rowlock_definition
WHERE namespace = :namespace AND key = :key AND deleted_at IS NOT NULL;

-- name: get_definition
SELECT id, alias, key, title, description, memo, status, queue, defaults,
    created_at, updated_at, deleted_at
FROM rowlock_definition WHERE namespace = :namespace AND key = :key;

-- name: get_definition_by_id
SELECT id, alias, key, title, description, memo, status, queue, defaults,
    created_at, updated_at, deleted_at
FROM rowlock_definition WHERE namespace = :namespace AND id = :id;

-- name: lock_definition
SELECT id, alias, key, title, description, memo, status, queue, defaults,
    created_at, updated_at, deleted_at
FROM rowlock_definition WHERE namespace = :namespace AND key = :key;

-- name: update_definition
UPDATE rowlock_definition
SET alias = :alias, title = :title, description = :description, memo = :memo, status = :status,
    queue = :queue, defaults = :defaults, updated_at = :now
WHERE namespace = :namespace AND key = :key AND id = :id AND deleted_at IS NULL;

-- name: mark_definition_deleted
UPDATE rowlock_definition SET deleted_at = :now
WHERE namespace = :namespace AND key = :key AND id = :id AND deleted_at IS NULL;

-- name: remove_definition
DELETE FROM rowlock_definition
WHERE namespace = :namespace AND key = :key AND id = :id;

-- name: list_definitions
-- There are few of them: every one is looked at.
SELECT id, alias, key, title, description, memo, status, queue, defaults,
    created_at, updated_at, deleted_at
FROM rowlock_definition
WHERE namespace = :namespace
    AND (:alias IS NULL OR instr(key, :alias) > 0)
    AND (:status IS NULL OR status = :status)
    AND (:created_after IS NULL OR created_at >= :created_after)
    AND (:created_before IS NULL OR created_at < :created_before)
    AND (:include_deleted OR deleted_at IS NULL)
ORDER BY
    CASE WHEN :order = 'created' THEN created_at END,
    CASE WHEN :order = '-created' THEN created_at END DESC,
    CASE WHEN :order = '-alias' THEN key END DESC,
    key
LIMIT :limit OFFSET :offset;

-- name: count_definitions
SELECT count(*) FROM rowlock_definition
WHERE namespace = :namespace
    AND (:alias IS NULL OR instr(key, :alias) > 0)
    AND (:status IS NULL OR status = :status)
    AND (:created_after IS NULL OR created_at >= :created_after)
    AND (:created_before IS NULL OR created_at < :created_before)
    AND (:include_deleted OR deleted_at IS NULL);

-- name: count_definition_tasks
SELECT
    (SELECT count(*) FROM rowlock_task
     WHERE namespace = :namespace AND definition = :key AND token IS NULL),
    (SELECT count(*) FROM rowlock_task
     WHERE namespace = :namespace AND definition = :key AND token IS NOT NULL),
    (SELECT count(*) FROM rowlock_history
     WHERE namespace = :namespace AND definition = :key AND deleted_at IS NULL);
