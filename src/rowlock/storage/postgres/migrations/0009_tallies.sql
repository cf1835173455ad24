-- Counts of tasks that outlive these: every process appends what it has counted since the last
-- time, and a duty puts the rows of one key together.
CREATE TABLE rowlock_tally (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    folded boolean NOT NULL,
    namespace text NOT NULL,
    queue text NOT NULL,
    definition text,
    counted text NOT NULL,
    total bigint NOT NULL,
    wait_seconds double precision NOT NULL,
    run_seconds double precision NOT NULL,
    -- How many took how long; a JSON array.
    waits text,
    runs text
);

CREATE INDEX ix_rowlock_tally_queue ON rowlock_tally (namespace, queue);
