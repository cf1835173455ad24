-- name: insert_token
INSERT INTO rowlock_token (id, digest, name, namespace, scopes, created_at, expires_at)
VALUES (
    :id, :digest, :name, :namespace, :scopes, COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)),
    COALESCE(
        CAST(:until AS DATETIME(6)),
        COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) + INTERVAL :lifetime MICROSECOND));

-- name: find_token
SELECT id, name, namespace, scopes, created_at, expires_at, revoked_at, last_used_at, digest,
    revoked_at IS NULL AND (expires_at IS NULL OR expires_at > COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))),
    last_used_at IS NULL
        OR last_used_at <= COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) - INTERVAL :interval MICROSECOND
FROM rowlock_token WHERE id = :id;

-- name: touch_token
UPDATE rowlock_token SET last_used_at = COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
WHERE id = :id
    AND (last_used_at IS NULL
        OR last_used_at <= COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6)) - INTERVAL :interval MICROSECOND);

-- name: list_tokens
SELECT id, name, namespace, scopes, created_at, expires_at, revoked_at, last_used_at
FROM rowlock_token
WHERE :namespace IS NULL OR namespace = :namespace
ORDER BY id;

-- name: revoke_token
UPDATE rowlock_token SET revoked_at = COALESCE(CAST(:now AS DATETIME(6)), UTC_TIMESTAMP(6))
WHERE id = :id AND revoked_at IS NULL;
