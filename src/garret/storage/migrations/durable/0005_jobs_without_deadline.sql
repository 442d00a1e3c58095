-- A job has no deadline (that of a command says how long its caller waits) and none starts another.
DROP INDEX jobs_parent;
ALTER TABLE jobs DROP COLUMN deadline;
ALTER TABLE jobs DROP COLUMN parent;
