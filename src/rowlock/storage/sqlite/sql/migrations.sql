-- name: lock_migrations
-- BEGIN IMMEDIATE is the lock.
SELECT 1;

-- name: create_migration_table
CREATE TABLE IF NOT EXISTS rowlock_migration (
    version integer NOT NULL PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at integer NOT NULL
) STRICT;

-- name: find_migration_table
SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :table;

-- name: read_migrations
SELECT version, name, checksum, applied_at FROM rowlock_migration ORDER BY version;

-- name: record_migration
INSERT INTO rowlock_migration (version, name, checksum, applied_at)
VALUES (:version, :name, :checksum, :now);

-- name: unlock_migrations
SELECT 1;
