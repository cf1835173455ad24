-- Who may use the HTTP service. Of what its owner shows only a digest is here.
CREATE TABLE rowlock_token (
    id text NOT NULL PRIMARY KEY,
    digest text NOT NULL,
    name text NOT NULL,
    -- Null for a token of every namespace.
    namespace text,
    scopes text NOT NULL,
    created_at integer NOT NULL,
    expires_at integer,
    revoked_at integer,
    last_used_at integer
) STRICT, WITHOUT ROWID;
