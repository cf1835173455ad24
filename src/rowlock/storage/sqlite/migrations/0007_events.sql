-- What became of tasks, for those who watch: written only while somebody does, and kept for a
-- minute or so. No id comes twice, be the table empty meanwhile.
CREATE TABLE rowlock_event (
    id integer PRIMARY KEY AUTOINCREMENT,
    at integer NOT NULL,
    namespace text NOT NULL,
    queue text NOT NULL,
    definition text,
    state text NOT NULL,
    -- How many tasks it is about; one alone is told in full.
    tasks integer NOT NULL,
    task text,
    attempt integer NOT NULL DEFAULT 0,
    cancel_requested integer NOT NULL DEFAULT 0,
    deleted integer NOT NULL DEFAULT 0,
    progress real NOT NULL DEFAULT 0,
    progress_message text,
    reason text
) STRICT;

-- Who watches which namespace, and until when unless that is renewed.
CREATE TABLE rowlock_subscription (
    namespace text NOT NULL PRIMARY KEY,
    until_at integer NOT NULL
) STRICT, WITHOUT ROWID;
