-- What was enqueued by then goes, and the queue with it.
ALTER TABLE rowlock_queue ADD COLUMN deleting_at timestamptz;
