-- Definitions that people look after: an id, a memo, and a mark that hides the row.
-- SQLite adds a column that takes no null only with a constant: what is there is filled below.
ALTER TABLE rowlock_definition ADD COLUMN id text NOT NULL DEFAULT '';
ALTER TABLE rowlock_definition ADD COLUMN memo text NOT NULL DEFAULT '';
ALTER TABLE rowlock_definition ADD COLUMN created_at integer NOT NULL DEFAULT 0;
ALTER TABLE rowlock_definition ADD COLUMN deleted_at integer;
UPDATE rowlock_definition SET
    id = lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4'
        || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-'
        || hex(randomblob(6))),
    created_at = updated_at;
