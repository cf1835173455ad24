-- name: lock_migrations
-- 1 when granted. The name counts for the whole server and may have 64 characters.
SELECT GET_LOCK(CONCAT('rowlock-', MD5(CONCAT(DATABASE(), '.', :table))), 20);

-- name: create_migration_table
CREATE TABLE IF NOT EXISTS rowlock_migration (
    version int NOT NULL PRIMARY KEY,
    name varchar(255) NOT NULL,
    checksum varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    applied_at datetime(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- name: find_migration_table
SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = :table;

-- name: read_migrations
SELECT version, name, checksum, applied_at FROM rowlock_migration ORDER BY version;

-- name: record_migration
INSERT INTO rowlock_migration (version, name, checksum, applied_at)
VALUES (:version, :name, :checksum, UTC_TIMESTAMP(6));

-- name: unlock_migrations
-- The lock counts how often one session took it.
SELECT RELEASE_ALL_LOCKS();
