-- Who may use the HTTP service. Of what its owner shows only a digest is here.
CREATE TABLE rowlock_token (
    id uuid NOT NULL PRIMARY KEY,
    digest text NOT NULL,
    name text NOT NULL,
    -- Null for a token of every namespace.
    namespace text,
    scopes text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);
