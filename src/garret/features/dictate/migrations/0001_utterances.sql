-- Made from objects, and made anew from them by a rebuild.
CREATE TABLE utterances (
    id             TEXT PRIMARY KEY,
    created        REAL NOT NULL,
    profile        TEXT NOT NULL,
    source         TEXT NOT NULL,
    name           TEXT NOT NULL,
    audio          TEXT,
    audio_seconds  REAL NOT NULL DEFAULT 0,
    engine         TEXT NOT NULL DEFAULT '',
    quality        TEXT NOT NULL DEFAULT '',
    raw            TEXT NOT NULL DEFAULT '',
    text           TEXT NOT NULL DEFAULT '',
    decode_seconds REAL NOT NULL DEFAULT 0,
    segments       INTEGER NOT NULL DEFAULT 0,
    run            TEXT NOT NULL DEFAULT '',
    note           TEXT NOT NULL DEFAULT '',
    stages         BLOB,
    state          TEXT NOT NULL DEFAULT 'captured'
);

CREATE INDEX utterances_created ON utterances (created);

CREATE TABLE utterance_segments (
    utterance TEXT    NOT NULL,
    run       TEXT    NOT NULL,
    number    INTEGER NOT NULL,
    segment   BLOB    NOT NULL,
    PRIMARY KEY (utterance, run, number)
) WITHOUT ROWID;

-- The document and the raw text of a transcript, in pieces: a long day does not fit into one object.
CREATE TABLE utterance_pages (
    utterance TEXT    NOT NULL,
    run       TEXT    NOT NULL,
    first     INTEGER NOT NULL,
    raw       TEXT    NOT NULL,
    text      TEXT    NOT NULL,
    PRIMARY KEY (utterance, run, first)
) WITHOUT ROWID;

CREATE TABLE utterance_objects (
    object    TEXT PRIMARY KEY,
    utterance TEXT NOT NULL,
    kind      TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX utterance_objects_of ON utterance_objects (utterance);

-- Of this machine alone: how far the work on an utterance has come.
CREATE TABLE dictation_work (
    utterance TEXT PRIMARY KEY,
    state     TEXT NOT NULL,
    job       TEXT NOT NULL DEFAULT '',
    error     TEXT NOT NULL DEFAULT '',
    updated   REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE dictation_heard (
    utterance  TEXT    NOT NULL,
    run        TEXT    NOT NULL,
    start      INTEGER NOT NULL,
    end        INTEGER NOT NULL,
    hypothesis BLOB    NOT NULL,
    PRIMARY KEY (utterance, run, start, end)
) WITHOUT ROWID;
