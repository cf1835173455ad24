-- name: ensure_queue
INSERT INTO rowlock_queue (namespace, name, created_at) VALUES (:namespace, :name, :now)
ON CONFLICT DO NOTHING;

-- name: get_queue
SELECT namespace, name, paused, policy, created_at FROM rowlock_queue
WHERE namespace = :namespace AND name = :name;

-- name: lock_queue
SELECT namespace, name, paused, policy, created_at FROM rowlock_queue
WHERE namespace = :namespace AND name = :name;

-- name: update_queue
UPDATE rowlock_queue SET policy = :policy WHERE namespace = :namespace AND name = :name;

-- name: pause_queue
UPDATE rowlock_queue SET paused = :paused WHERE namespace = :namespace AND name = :name;

-- name: list_queues
SELECT namespace, name, paused, policy, created_at FROM rowlock_queue
WHERE :namespace IS NULL OR namespace = :namespace
ORDER BY namespace, name;

-- name: put_definition
-- Written only when something changed: registering at every start costs readers nothing.
INSERT INTO rowlock_definition (
    namespace, key, alias, title, description, queue, status, defaults,
    updated_at)
VALUES (
    :namespace, :key, :alias, :title, :description, :queue, 'active', :defaults, :now)
ON CONFLICT (namespace, key) DO UPDATE
SET alias = excluded.alias, title = excluded.title, description = excluded.description,
    queue = excluded.queue, defaults = excluded.defaults, updated_at = :now
WHERE (rowlock_definition.alias, rowlock_definition.title, rowlock_definition.description,
       rowlock_definition.queue, rowlock_definition.defaults)
    IS NOT (excluded.alias, excluded.title, excluded.description,
       excluded.queue, excluded.defaults);

-- name: get_definition
SELECT alias, key, title, description, queue, status, defaults FROM rowlock_definition
WHERE namespace = :namespace AND key = :key;

-- name: list_definitions
SELECT alias, key, title, description, queue, status, defaults FROM rowlock_definition
WHERE namespace = :namespace ORDER BY alias;

-- name: make_duty
INSERT INTO rowlock_duty (name, next_at)
VALUES (:name, :now) ON CONFLICT DO NOTHING;

-- name: take_duty
UPDATE rowlock_duty SET next_at = :now + :every
WHERE name = :name AND next_at <= :now;

-- name: read_clock
SELECT :now;
