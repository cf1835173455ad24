-- Every statement can be run again: DDL commits by itself, so a migration that was killed
-- half-way starts over.

-- What became of tasks, for those who watch: written only while somebody does, and kept for a
-- minute or so. An id is taken before its transaction commits, so a smaller one may turn up later.
CREATE TABLE IF NOT EXISTS rowlock_event (
    id bigint NOT NULL AUTO_INCREMENT,
    at datetime(6) NOT NULL,
    namespace varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    queue varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    definition varchar(255),
    state varchar(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- How many tasks it is about; one alone is told in full.
    tasks int NOT NULL,
    task binary(16),
    attempt int NOT NULL DEFAULT 0,
    cancel_requested tinyint NOT NULL DEFAULT 0,
    deleted tinyint NOT NULL DEFAULT 0,
    progress double NOT NULL DEFAULT 0,
    progress_message longtext,
    reason longtext,
    PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Who watches which namespace, and until when unless that is renewed.
CREATE TABLE IF NOT EXISTS rowlock_subscription (
    namespace varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    until_at datetime(6) NOT NULL,
    PRIMARY KEY (namespace)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
