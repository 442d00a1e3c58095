-- What the room's objects say, one row an object. Of several about one thing (kind, id) the newest counts:
-- by `moment`, the milliseconds since 1970 at which it was made, then by the object's own id.
CREATE TABLE data_notes (
    object    TEXT PRIMARY KEY,
    kind      TEXT    NOT NULL,
    id        TEXT    NOT NULL,
    source    TEXT    NOT NULL,
    profile   TEXT    NOT NULL,
    workspace TEXT    NOT NULL,
    moment    TEXT    NOT NULL,
    body      BLOB    NOT NULL
) WITHOUT ROWID;

CREATE INDEX data_notes_of ON data_notes (kind, profile, workspace, moment);
CREATE INDEX data_notes_id ON data_notes (kind, id, moment);

-- The last snapshot of each source, which belongs to this machine alone.
CREATE TABLE data_snapshots (
    source      TEXT PRIMARY KEY,
    taken       REAL NOT NULL,
    fingerprint TEXT NOT NULL,
    tables      INTEGER NOT NULL,
    body        BLOB NOT NULL
) WITHOUT ROWID;
