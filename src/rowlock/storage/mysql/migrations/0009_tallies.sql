-- Counts of tasks that outlive these: every process appends what it has counted since the last
-- time, and a duty puts the rows of one key together.
CREATE TABLE IF NOT EXISTS rowlock_tally (
    id bigint NOT NULL AUTO_INCREMENT,
    folded tinyint NOT NULL,
    namespace varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    queue varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    definition varchar(255),
    counted varchar(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    total bigint NOT NULL,
    wait_seconds double NOT NULL,
    run_seconds double NOT NULL,
    -- How many took how long; a JSON array.
    waits longtext,
    runs longtext,
    PRIMARY KEY (id),
    KEY ix_rowlock_tally_queue (namespace, queue)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
