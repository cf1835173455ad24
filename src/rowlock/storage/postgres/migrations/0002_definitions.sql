-- Definitions that people look after: an id, a memo, and a mark that hides the row.
ALTER TABLE rowlock_definition
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN memo text NOT NULL DEFAULT '',
    ADD COLUMN created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN deleted_at timestamptz;
UPDATE rowlock_definition SET created_at = updated_at;
