-- Immutable signed objects. `seq` is the order of arrival, which is a causal order: parents come first.
-- An erased object keeps its id and its place; its bytes and signature are gone.
CREATE TABLE objects (
    seq       INTEGER PRIMARY KEY,
    id        BLOB    NOT NULL UNIQUE CHECK (length(id) = 32),
    kind      TEXT    NOT NULL,
    author    BLOB    NOT NULL,
    created   INTEGER NOT NULL,
    bytes     BLOB,
    signature BLOB,
    erased_by BLOB
);

CREATE INDEX objects_kind ON objects (kind, seq);

CREATE TABLE object_parents (
    parent BLOB NOT NULL,
    child  BLOB NOT NULL,
    PRIMARY KEY (parent, child)
) WITHOUT ROWID;
