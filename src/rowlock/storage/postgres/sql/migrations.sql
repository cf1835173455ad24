-- name: lock_migrations
-- Held until the transaction ends; the second caller waits and then finds nothing to do.
SELECT pg_advisory_xact_lock(hashtext(:table));

-- name: create_migration_table
CREATE TABLE IF NOT EXISTS rowlock_migration (
    version integer NOT NULL PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- name: find_migration_table
SELECT 1 WHERE to_regclass(:table) IS NOT NULL;

-- name: read_migrations
SELECT version, name, checksum, applied_at FROM rowlock_migration ORDER BY version;

-- name: record_migration
INSERT INTO rowlock_migration (version, name, checksum) VALUES (:version, :name, :checksum);

-- name: unlock_migrations
SELECT 1;
