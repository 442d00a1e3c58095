-- The tables become a function of the set of objects, whatever order they come in; they are made anew from
-- them at the start that applies this.
DROP TABLE utterance_segments;
DROP TABLE utterance_pages;
DROP TABLE utterance_objects;
DROP TABLE utterances;

-- What each object says about its utterance; the other tables are derived from all of them. `run` and
-- `first` are those of a page or a transcript, `said` is the rest of the body where it is small.
CREATE TABLE utterance_objects (
    object    TEXT    PRIMARY KEY,
    utterance TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    run       TEXT    NOT NULL,
    first     INTEGER NOT NULL,
    said      BLOB    NOT NULL
) WITHOUT ROWID;

CREATE INDEX utterance_objects_of ON utterance_objects (utterance, kind, created, object);

CREATE TABLE utterances (
    id             TEXT PRIMARY KEY,
    created        REAL NOT NULL,
    profile        TEXT NOT NULL,
    workspace      TEXT NOT NULL,
    source         TEXT NOT NULL,
    name           TEXT NOT NULL,
    audio          TEXT,
    audio_seconds  REAL NOT NULL,
    engine         TEXT NOT NULL,
    quality        TEXT NOT NULL,
    decode_seconds REAL NOT NULL,
    segments       INTEGER NOT NULL,
    run            TEXT NOT NULL,
    note           TEXT NOT NULL,
    stages         BLOB,
    state          TEXT NOT NULL,
    raw            TEXT NOT NULL,
    text           TEXT NOT NULL
);

CREATE INDEX utterances_created ON utterances (created);

-- The order in which this device came to know utterances (`seq` of their objects): also the number that the
-- search knows them by.
CREATE TABLE utterance_places (
    place     INTEGER PRIMARY KEY,
    utterance TEXT NOT NULL UNIQUE
);

-- A segment belongs to the page that begins at number `first`.
CREATE TABLE utterance_segments (
    utterance TEXT    NOT NULL,
    run       TEXT    NOT NULL,
    number    INTEGER NOT NULL,
    first     INTEGER NOT NULL,
    segment   BLOB    NOT NULL,
    PRIMARY KEY (utterance, run, number, first)
) WITHOUT ROWID;

-- The document and the raw text of a transcript, in pieces: a long day does not fit into one object.
CREATE TABLE utterance_pages (
    utterance TEXT    NOT NULL,
    run       TEXT    NOT NULL,
    first     INTEGER NOT NULL,
    object    TEXT    NOT NULL,
    raw       TEXT    NOT NULL,
    text      TEXT    NOT NULL,
    PRIMARY KEY (utterance, run, first)
) WITHOUT ROWID;

-- The words of text and raw text; the texts themselves are not kept here a second time.
CREATE VIRTUAL TABLE utterance_search USING fts5 (
    words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
