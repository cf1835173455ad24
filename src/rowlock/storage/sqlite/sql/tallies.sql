-- name: insert_tallies
INSERT INTO rowlock_tally (
    folded, namespace, queue, definition, counted, total, wait_seconds, run_seconds, waits, runs)
SELECT :folded, json_extract(value, '$[0]'), json_extract(value, '$[1]'),
    json_extract(value, '$[2]'), json_extract(value, '$[3]'), json_extract(value, '$[4]'),
    json_extract(value, '$[5]'), json_extract(value, '$[6]'), json_extract(value, '$[7]'),
    json_extract(value, '$[8]')
FROM json_each(:batch);

-- name: list_unfolded
SELECT DISTINCT namespace FROM rowlock_tally WHERE NOT folded ORDER BY namespace;

-- name: lock_tallies
SELECT c.id, c.folded, c.namespace, c.queue, c.definition, c.counted, c.total,
    c.wait_seconds, c.run_seconds, c.waits, c.runs
FROM rowlock_tally AS c WHERE c.namespace = :namespace
ORDER BY c.folded DESC, c.id LIMIT :limit;

-- name: delete_tallies
DELETE FROM rowlock_tally WHERE id IN (SELECT value FROM json_each(:ids));

-- name: read_tallies
SELECT c.id, c.folded, c.namespace, c.queue, coalesce(d.alias, c.definition), c.counted, c.total,
    c.wait_seconds, c.run_seconds, c.waits, c.runs
FROM rowlock_tally AS c
LEFT JOIN rowlock_definition AS d ON d.namespace = c.namespace AND d.key = c.definition
WHERE c.namespace = :namespace
ORDER BY c.folded DESC, c.id;

-- name: lock_tallies_of
SELECT id FROM rowlock_tally WHERE namespace = :namespace AND queue = :queue
ORDER BY id;

-- name: delete_tallies_of
DELETE FROM rowlock_tally WHERE namespace = :namespace AND queue = :queue;

-- name: count_ends
SELECT namespace, queue, definition, state, count(*)
FROM rowlock_history WHERE id IN (SELECT value FROM json_each(:ids))
GROUP BY namespace, queue, definition, state;
