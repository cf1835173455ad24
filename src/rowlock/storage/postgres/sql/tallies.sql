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
SELECT t.id, t.folded, t.namespace, t.queue, t.definition, t.counted, t.total,
    t.wait_seconds, t.run_seconds, t.waits, t.runs
FROM rowlock_tally AS t WHERE t.namespace = :namespace
ORDER BY t.folded DESC, t.id LIMIT :limit
FOR UPDATE;

-- name: delete_tallies
DELETE FROM rowlock_tally WHERE id = ANY (:ids::bigint[]);

-- name: read_tallies
SELECT t.id, t.folded, t.namespace, t.queue, coalesce(d.alias, t.definition), t.counted, t.total,
    t.wait_seconds, t.run_seconds, t.waits, t.runs
FROM rowlock_tally AS t
LEFT JOIN rowlock_definition AS d ON d.namespace = t.namespace AND d.key = t.definition
WHERE t.namespace = :namespace
ORDER BY t.folded DESC, t.id;

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
