-- name: insert_token
INSERT INTO rowlock_token (id, digest, name, namespace, scopes, created_at, expires_at)
VALUES (
    :id, :digest, :name, :namespace, :scopes, :now,
    coalesce(:until, :now + :lifetime));

-- name: find_token
SELECT id, name, namespace, scopes, created_at, expires_at, revoked_at, last_used_at, digest,
    revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now),
    last_used_at IS NULL
        OR last_used_at <= :now - :interval
FROM rowlock_token WHERE id = :id;

-- name: touch_token
UPDATE rowlock_token SET last_used_at = :now
WHERE id = :id
    AND (last_used_at IS NULL
        OR last_used_at <= :now - :interval);

-- name: list_tokens
SELECT id, name, namespace, scopes, created_at, expires_at, revoked_at, last_used_at
FROM rowlock_token
WHERE :namespace IS NULL OR namespace = :namespace
ORDER BY id;

-- name: revoke_token
UPDATE rowlock_token SET revoked_at = :now
WHERE id = :id AND revoked_at IS NULL;
