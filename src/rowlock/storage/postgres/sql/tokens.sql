-- name: insert_token
INSERT INTO rowlock_token (id, digest, name, namespace, scopes, created_at, expires_at)
VALUES (
    :id, :digest, :name, :namespace, :scopes, coalesce(:now::timestamptz, clock_timestamp()),
    coalesce(
        :until::timestamptz,
        coalesce(:now::timestamptz, clock_timestamp()) + :lifetime::interval));

-- name: find_token
SELECT id, name, namespace, scopes, created_at, expires_at, revoked_at, last_used_at, digest,
    revoked_at IS NULL AND (expires_at IS NULL OR expires_at > coalesce(:now::timestamptz, clock_timestamp())),
    last_used_at IS NULL
        OR last_used_at <= coalesce(:now::timestamptz, clock_timestamp()) - :interval::interval
FROM rowlock_token WHERE id = :id;

-- name: touch_token
UPDATE rowlock_token SET last_used_at = coalesce(:now::timestamptz, clock_timestamp())
WHERE id = :id
    AND (last_used_at IS NULL
        OR last_used_at <= coalesce(:now::timestamptz, clock_timestamp()) - :interval::interval);

-- name: list_tokens
SELECT id, name, namespace, scopes, created_at, expires_at, revoked_at, last_used_at
FROM rowlock_token
WHERE :namespace::text IS NULL OR namespace = :namespace
ORDER BY id;

-- name: revoke_token
UPDATE rowlock_token SET revoked_at = coalesce(:now::timestamptz, clock_timestamp())
WHERE id = :id AND revoked_at IS NULL;
