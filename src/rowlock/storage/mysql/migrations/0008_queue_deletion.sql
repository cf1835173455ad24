-- What was enqueued by then goes, and the queue with it.
-- MySQL adds no column IF NOT EXISTS: whether it is there is asked first.
SET @rowlock_change = IF(
    EXISTS (
        SELECT 1 FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'rowlock_queue'
            AND column_name = 'deleting_at'),
    'DO 0',
    'ALTER TABLE rowlock_queue ADD COLUMN deleting_at datetime(6)');
PREPARE rowlock_change FROM @rowlock_change;
EXECUTE rowlock_change;
DEALLOCATE PREPARE rowlock_change;
