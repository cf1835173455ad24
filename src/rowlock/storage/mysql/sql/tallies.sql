-- name: insert_tallies
INSERT INTO rowlock_tally (
    folded, namespace, queue, definition, counted, total, wait_seconds, run_seconds, waits, runs)
SELECT :folded, v.namespace, v.queue, v.definition, v.counted, v.total, v.wait_seconds,
    v.run_seconds, v.waits, v.runs
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (
    namespace longtext CHARACTER SET utf8mb4 PATH '$.namespaces',
    queue longtext CHARACTER SET utf8mb4 PATH '$.queues',
    definition longtext CHARACTER SET utf8mb4 PATH '$.definitions',
    counted longtext CHARACTER SET utf8mb4 PATH '$.counteds',
    total bigint PATH '$.counts',
    wait_seconds double PATH '$.wait_seconds',
    run_seconds double PATH '$.run_seconds',
    waits longtext CHARACTER SET utf8mb4 PATH '$.waits',
    runs longtext CHARACTER SET utf8mb4 PATH '$.runs')) AS v;

-- name: list_unfolded
SELECT DISTINCT namespace FROM rowlock_tally WHERE NOT folded ORDER BY namespace;

-- name: lock_tallies
SELECT c.id, c.folded, c.namespace, c.queue, c.definition, c.counted, c.total,
    c.wait_seconds, c.run_seconds, c.waits, c.runs
FROM rowlock_tally AS c WHERE c.namespace = :namespace
ORDER BY c.folded DESC, c.id LIMIT :limit
FOR UPDATE;

-- name: delete_tallies
DELETE c FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id bigint PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_tally AS c FORCE INDEX (PRIMARY) ON c.id = v.id;

-- name: read_tallies
SELECT c.id, c.folded, c.namespace, c.queue, coalesce(d.alias, c.definition), c.counted, c.total,
    c.wait_seconds, c.run_seconds, c.waits, c.runs
FROM rowlock_tally AS c
LEFT JOIN rowlock_definition AS d ON d.namespace = c.namespace AND d.`key` = c.definition
WHERE c.namespace = :namespace
ORDER BY c.folded DESC, c.id;

-- name: lock_tallies_of
SELECT id FROM rowlock_tally WHERE namespace = :namespace AND queue = :queue
ORDER BY id
FOR UPDATE;

-- name: delete_tallies_of
DELETE FROM rowlock_tally WHERE namespace = :namespace AND queue = :queue;

-- name: count_ends
SELECT h.namespace, h.queue, h.definition, h.state, COUNT(*)
FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id char(32) PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_history AS h FORCE INDEX (PRIMARY) ON h.id = UNHEX(v.id)
GROUP BY h.namespace, h.queue, h.definition, h.state;
