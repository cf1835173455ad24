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
SELECT t.id, t.folded, t.namespace, t.queue, t.definition, t.counted, t.total,
    t.wait_seconds, t.run_seconds, t.waits, t.runs
FROM rowlock_tally AS t WHERE t.namespace = :namespace
ORDER BY t.folded DESC, t.id LIMIT :limit
FOR UPDATE;

-- name: delete_tallies
DELETE t FROM JSON_TABLE(:batch, '$[*]' COLUMNS (id bigint PATH '$.ids')) AS v
STRAIGHT_JOIN rowlock_tally AS t FORCE INDEX (PRIMARY) ON t.id = v.id;

-- name: read_tallies
SELECT t.id, t.folded, t.namespace, t.queue, coalesce(d.alias, t.definition), t.counted, t.total,
    t.wait_seconds, t.run_seconds, t.waits, t.runs
FROM rowlock_tally AS t
LEFT JOIN rowlock_definition AS d ON d.namespace = t.namespace AND d.`key` = t.definition
WHERE t.namespace = :namespace
ORDER BY t.folded DESC, t.id;

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
