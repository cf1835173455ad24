-- What became of tasks, for those who watch: written only while somebody does, and kept for a
-- minute or so. An id is taken before its transaction commits, so a smaller one may turn up later.
CREATE TABLE rowlock_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    namespace text NOT NULL,
    queue text NOT NULL,
    definition text,
    state text NOT NULL,
    -- How many tasks it is about; one alone is told in full.
    tasks integer NOT NULL,
    task uuid,
    attempt integer NOT NULL DEFAULT 0,
    cancel_requested boolean NOT NULL DEFAULT false,
    deleted boolean NOT NULL DEFAULT false,
    progress double precision NOT NULL DEFAULT 0,
    progress_message text,
    reason text
);

-- Who watches which namespace, and until when unless that is renewed.
CREATE TABLE rowlock_subscription (
    namespace text NOT NULL PRIMARY KEY,
    until_at timestamptz NOT NULL
);
