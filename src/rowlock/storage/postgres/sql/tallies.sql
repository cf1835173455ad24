-- name: insert_tallies
INSERT INTO rowlock_tally (
    folded, namespace, queue, definition, counted, total, wait_seconds, run_seconds, waits, runs)
SELECT :folded, v.*
FROM unnest(
    :namespaces::text[], :queues::text[], :definitions::text[], :counteds::text[],
    :counts::bigint[], :wait_seconds::double precision[], :run_seconds::double precision[],
    :waits::text[], :runs::text[]) AS v;

-- name: list_unfolded
SELECT DISTINCT namespace FROM rowlock_tally WHERE NOT folded ORDER BY namespace;

-- name: lock_tallies
SELECT c.id, c.folded, c.namespace, c.queue, c.definition, c.counted, c.total,
    c.wait_seconds, c.run_seconds, c.waits, c.runs
FROM rowlock_tally AS c WHERE c.namespace = :namespace
ORDER BY c.folded DESC, c.id LIMIT :limit
FOR UPDATE;

-- name: delete_tallies
DELETE FROM rowlock_tally WHERE id = ANY (:ids::bigint[]);

-- name: read_tallies
SELECT c.id, c.folded, c.namespace, c.queue, coalesce(d.alias, c.definition), c.counted, c.total,
    c.wait_seconds, c.run_seconds, c.waits, c.runs
FROM rowlock_tally AS c
LEFT JOIN rowlock_definition AS d ON d.namespace = c.namespace AND d.key = c.definition
WHERE c.namespace = :namespace
ORDER BY c.folded DESC, c.id;

-- name: lock_tallies_of
SELECT id FROM rowlock_tally WHERE namespace = :namespace AND queue = :queue
ORDER BY id
FOR UPDATE;

-- name: delete_tallies_of
DELETE FROM rowlock_tally WHERE namespace = :namespace AND queue = :queue;

-- name: count_ends
SELECT h.namespace, h.queue, h.definition, h.state, count(*)
FROM unnest(:ids::uuid[]) AS v (id)
CROSS JOIN LATERAL (SELECT * FROM rowlock_history WHERE id = v.id OFFSET 0) AS h
GROUP BY h.namespace, h.queue, h.definition, h.state;
