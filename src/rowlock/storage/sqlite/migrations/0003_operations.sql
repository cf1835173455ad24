-- What people did, in the order they did it; nothing updates or deletes these rows.
CREATE TABLE rowlock_audit (
    id text NOT NULL PRIMARY KEY,
    namespace text NOT NULL,
    at integer NOT NULL,
    actor text,
    action text NOT NULL,
    kind text NOT NULL,
    target text NOT NULL,
    reason text,
    detail text
) STRICT, WITHOUT ROWID;

CREATE INDEX ix_rowlock_audit_namespace ON rowlock_audit (namespace, id);
CREATE INDEX ix_rowlock_audit_target ON rowlock_audit (namespace, target, id);

-- Changes to many tasks: how far each has come, moved by the transaction that makes a batch.
CREATE TABLE rowlock_operation (
    id text NOT NULL PRIMARY KEY,
    namespace text NOT NULL,
    action text NOT NULL,
    filter text NOT NULL,
    params text NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'done')),
    -- Only tasks with smaller ids are left to do.
    position text NOT NULL,
    done integer NOT NULL DEFAULT 0,
    refused text NOT NULL DEFAULT '{}',
    actor text,
    reason text,
    created_at integer NOT NULL,
    updated_at integer NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ix_rowlock_operation_namespace ON rowlock_operation (namespace, id);

-- Paused tasks whose pause has an end.
CREATE TABLE rowlock_pause (
    task text NOT NULL PRIMARY KEY,
    until_at integer NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ix_rowlock_pause_until ON rowlock_pause (until_at);

ALTER TABLE rowlock_queue ADD COLUMN paused_until integer;
ALTER TABLE rowlock_queue ADD COLUMN pause_reason text;
