-- Definitions that people look after: an id, a memo, and a mark that hides the row.
-- MySQL has no ADD COLUMN IF NOT EXISTS, and every statement here must bear being run again.
SET @rowlock_statement = IF(
    EXISTS (
        SELECT 1 FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'rowlock_definition'
            AND column_name = 'memo'),
    'DO 0',
    'ALTER TABLE rowlock_definition
        ADD COLUMN id binary(16),
        ADD COLUMN memo longtext,
        ADD COLUMN created_at datetime(6),
        ADD COLUMN deleted_at datetime(6)');
PREPARE rowlock_statement FROM @rowlock_statement;
EXECUTE rowlock_statement;
DEALLOCATE PREPARE rowlock_statement;

UPDATE rowlock_definition
SET id = UNHEX(MD5(CONCAT(UUID(), namespace, `key`))), memo = '', created_at = updated_at
WHERE id IS NULL;

ALTER TABLE rowlock_definition
    MODIFY COLUMN id binary(16) NOT NULL,
    MODIFY COLUMN memo longtext NOT NULL,
    MODIFY COLUMN created_at datetime(6) NOT NULL;
