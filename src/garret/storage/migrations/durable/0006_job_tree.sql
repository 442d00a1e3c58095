-- Whose work a job is part of, what it is about, and when it may begin (wall-clock seconds, NULL for at once).
ALTER TABLE jobs ADD COLUMN workspace TEXT NOT NULL DEFAULT 'main';
ALTER TABLE jobs ADD COLUMN parent TEXT;
ALTER TABLE jobs ADD COLUMN due REAL;

CREATE INDEX jobs_parent ON jobs (parent) WHERE parent IS NOT NULL;
