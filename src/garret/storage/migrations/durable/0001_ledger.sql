-- Jobs. A row is small and is rewritten at each transition; the payload never changes and lies apart.
CREATE TABLE jobs (
    seq            INTEGER PRIMARY KEY,
    id             TEXT    NOT NULL UNIQUE,
    command        TEXT    NOT NULL,
    idempotency    TEXT,
    state          TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    priority       INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 3),
    attempts       INTEGER NOT NULL,
    max_attempts   INTEGER NOT NULL CHECK (max_attempts >= 1),
    epoch          INTEGER NOT NULL,
    owner          TEXT,
    events         INTEGER NOT NULL,
    fraction       REAL    NOT NULL DEFAULT 0 CHECK (fraction BETWEEN 0 AND 1),
    note           TEXT    NOT NULL DEFAULT '',
    error_code     TEXT,
    error_message  TEXT,
    error_retryable INTEGER,
    role           TEXT    NOT NULL,
    profile        TEXT    NOT NULL,
    deadline       REAL,
    parent         TEXT,
    created        REAL    NOT NULL,
    updated        REAL    NOT NULL
);

CREATE UNIQUE INDEX jobs_idempotency ON jobs (command, idempotency) WHERE idempotency IS NOT NULL;
CREATE INDEX jobs_active ON jobs (state, priority, seq) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_parent ON jobs (parent) WHERE parent IS NOT NULL;

CREATE TABLE job_payloads (
    job     INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
    payload BLOB NOT NULL
);

CREATE TABLE job_results (
    job    INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
    result BLOB NOT NULL
);

-- One row for each transition, written with it in one transaction.
CREATE TABLE job_events (
    job     INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    number  INTEGER NOT NULL,
    at      REAL    NOT NULL,
    kind    TEXT    NOT NULL,
    state   TEXT    NOT NULL,
    attempt INTEGER NOT NULL,
    epoch   INTEGER NOT NULL,
    who     TEXT,
    detail  TEXT,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;
