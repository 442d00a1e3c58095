-- What is to be done later, for whom, and when next. Times are wall-clock seconds since 1970.
CREATE TABLE schedules (
    id        TEXT NOT NULL PRIMARY KEY,
    room      TEXT NOT NULL,
    key       TEXT NOT NULL,
    role      TEXT NOT NULL,
    profile   TEXT NOT NULL,
    workspace TEXT NOT NULL,
    rule      TEXT NOT NULL, -- JSON, with its kind
    zone      TEXT NOT NULL,
    missed    TEXT NOT NULL CHECK (missed IN ('skip', 'once', 'catch_up')),
    most      INTEGER NOT NULL,
    command   TEXT,
    callback  TEXT,
    payload   BLOB NOT NULL,
    state     TEXT NOT NULL CHECK (state IN ('active', 'paused', 'done')),
    due       REAL,
    decided   REAL NOT NULL,
    created   REAL NOT NULL,
    updated   REAL NOT NULL,
    CHECK ((command IS NULL) <> (callback IS NULL)),
    UNIQUE (room, profile, workspace, key)
) STRICT, WITHOUT ROWID;

-- Each time that a schedule was due: that no run is made twice rests on this key.
CREATE TABLE schedule_runs (
    schedule TEXT NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
    due      REAL NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'refused')),
    job      TEXT,
    note     TEXT NOT NULL DEFAULT '',
    updated  REAL NOT NULL,
    PRIMARY KEY (schedule, due)
) STRICT, WITHOUT ROWID;
CREATE INDEX schedule_runs_waiting ON schedule_runs (due) WHERE state = 'waiting';
