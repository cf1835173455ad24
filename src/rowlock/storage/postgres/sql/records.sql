-- name: insert_audit
INSERT INTO rowlock_audit (id, namespace, at, actor, action, kind, target, reason, detail)
VALUES (
    :id, :namespace, coalesce(:now::timestamptz, clock_timestamp()), :actor,
    :action, :kind, :target, :reason, :detail)
ON CONFLICT DO NOTHING;

-- name: list_audit
SELECT id, at, actor, action, kind, target, reason, detail FROM rowlock_audit
WHERE namespace = :namespace
    AND (:before::uuid IS NULL OR id < :before::uuid)
    AND (:actor::text IS NULL OR actor = :actor)
    AND (:action::text IS NULL OR action = :action)
    AND (:target::text IS NULL OR target = :target)
ORDER BY id DESC LIMIT :limit;

-- name: insert_operation
INSERT INTO rowlock_operation (
    id, namespace, action, filter, params, state, position, refused, actor, reason, created_at,
    updated_at)
VALUES (
    :id, :namespace, :action, :filter, :params, 'running', :id, '{}', :actor, :reason,
    coalesce(:now::timestamptz, clock_timestamp()), coalesce(:now::timestamptz, clock_timestamp()));

-- name: get_operation
SELECT id, action, filter, params, state, position, done, refused, actor, reason, created_at,
    updated_at
FROM rowlock_operation WHERE id = :id AND namespace = :namespace;

-- name: lock_operation
SELECT id, action, filter, params, state, position, done, refused, actor, reason, created_at,
    updated_at
FROM rowlock_operation WHERE id = :id AND namespace = :namespace FOR UPDATE;

-- name: advance_operation
UPDATE rowlock_operation
SET position = :position, done = :done, refused = :refused, state = :state,
    updated_at = coalesce(:now::timestamptz, clock_timestamp())
WHERE id = :id;

-- name: list_operations
SELECT id, action, filter, params, state, position, done, refused, actor, reason, created_at,
    updated_at
FROM rowlock_operation
WHERE namespace = :namespace
ORDER BY id DESC LIMIT :limit;
