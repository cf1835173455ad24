-- Counts of tasks that outlive these: every process appends what it has counted since the last
-- time, and a duty puts the rows of one key together.
CREATE TABLE rowlock_tally (
    id integer PRIMARY KEY AUTOINCREMENT,
    folded integer NOT NULL,
    namespace text NOT NULL,
    queue text NOT NULL,
    definition text,
    counted text NOT NULL,
    total integer NOT NULL,
    wait_seconds real NOT NULL,
    run_seconds real NOT NULL,
    -- How many took how long; a JSON array.
    waits text,
    runs text
) STRICT;

CREATE INDEX ix_rowlock_tally_queue ON rowlock_tally (namespace, queue);
