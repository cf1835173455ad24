-- name: insert_audit
INSERT INTO rowlock_audit (id, namespace, at, actor, action, kind, target, reason, detail)
VALUES (:id, :namespace, :now, :actor, :action, :kind, :target,
    :reason, :detail)
ON CONFLICT DO NOTHING;

-- name: list_audit
SELECT id, at, actor, action, kind, target, reason, detail FROM rowlock_audit
WHERE namespace = :namespace
    AND id < coalesce(:before, '~')
    AND (:actor IS NULL OR actor = :actor)
    AND (:action IS NULL OR action = :action)
    AND (:target IS NULL OR target = :target)
ORDER BY id DESC LIMIT :limit;

-- name: insert_operation
INSERT INTO rowlock_operation (
    id, namespace, action, filter, params, state, position, refused, actor, reason, created_at,
    updated_at)
VALUES (
    :id, :namespace, :action, :filter, :params, 'running', :id, '{}', :actor, :reason,
    :now, :now);

-- name: get_operation
SELECT id, action, filter, params, state, position, done, refused, actor, reason, created_at,
    updated_at
FROM rowlock_operation WHERE id = :id AND namespace = :namespace;

-- name: lock_operation
SELECT id, action, filter, params, state, position, done, refused, actor, reason, created_at,
    updated_at
FROM rowlock_operation WHERE id = :id AND namespace = :namespace;

-- name: advance_operation
UPDATE rowlock_operation
SET position = :position, done = :done, refused = :refused, state = :state,
    updated_at = :now
WHERE id = :id;

-- name: list_operations
SELECT id, action, filter, params, state, position, done, refused, actor, reason, created_at,
    updated_at
FROM rowlock_operation
WHERE namespace = :namespace
ORDER BY id DESC LIMIT :limit;
