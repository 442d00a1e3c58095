-- The audit chain: each hash covers the one before it.
CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY,
    at      REAL    NOT NULL,
    role    TEXT    NOT NULL,
    profile TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    outcome TEXT    NOT NULL,
    details TEXT    NOT NULL,
    hash    BLOB    NOT NULL CHECK (length(hash) = 32)
);
