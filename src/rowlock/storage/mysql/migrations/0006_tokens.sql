-- Who may use the HTTP service. Of what its owner shows only a digest is here.
CREATE TABLE IF NOT EXISTS rowlock_token (
    id binary(16) NOT NULL,
    digest char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    name varchar(100) NOT NULL,
    -- Null for a token of every namespace.
    namespace varchar(64) CHARACTER SET ascii COLLATE ascii_bin,
    scopes longtext NOT NULL,
    created_at datetime(6) NOT NULL,
    expires_at datetime(6),
    revoked_at datetime(6),
    last_used_at datetime(6),
    PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
