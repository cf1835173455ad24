-- name: count_dead
SELECT n_dead_tup, n_live_tup FROM pg_stat_all_tables WHERE relid = 'rowlock_task'::regclass;

-- name: vacuum_tasks
-- Without giving the end of the file back: that needs a lock that workers would wait for.
VACUUM (TRUNCATE false) rowlock_task;
