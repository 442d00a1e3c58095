-- The second copy of the end of the audit chain, in another file than the chain.
CREATE TABLE audit_head (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    count INTEGER NOT NULL,
    hash  BLOB    NOT NULL
);
