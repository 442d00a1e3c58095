-- What has to reach somebody outside. Written with what caused it; order within a key follows seq.
-- Times are wall-clock seconds since 1970. A delivered entry keeps its row for a while without its payload.
CREATE TABLE outbox (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL UNIQUE,
    room        TEXT    NOT NULL,
    handler     TEXT    NOT NULL,
    destination TEXT    NOT NULL,
    line        TEXT    NOT NULL,
    once        TEXT,
    payload     BLOB    NOT NULL,
    role        TEXT    NOT NULL,
    profile     TEXT    NOT NULL,
    workspace   TEXT    NOT NULL,
    cause       TEXT,
    state       TEXT    NOT NULL CHECK (state IN ('waiting', 'dead', 'delivered')),
    attempts    INTEGER NOT NULL DEFAULT 0,
    due         REAL    NOT NULL,
    until       REAL    NOT NULL,
    lasts       REAL    NOT NULL, -- seconds that it had from the start, and has again when it is retried
    reason      TEXT    NOT NULL DEFAULT '',
    created     REAL    NOT NULL,
    updated     REAL    NOT NULL
) STRICT;
CREATE UNIQUE INDEX outbox_once ON outbox (room, once) WHERE once IS NOT NULL;
CREATE INDEX outbox_waiting ON outbox (room, destination) WHERE state = 'waiting';
CREATE INDEX outbox_state ON outbox (state, seq);

-- How a destination was when it was last tried, so that a restart does not storm one that is down.
CREATE TABLE outbox_breakers (
    room        TEXT    NOT NULL,
    destination TEXT    NOT NULL,
    failures    INTEGER NOT NULL,
    opened      INTEGER NOT NULL,
    open_until  REAL    NOT NULL,
    PRIMARY KEY (room, destination)
) STRICT, WITHOUT ROWID;
