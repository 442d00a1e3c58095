-- Approvals that were given and not spent. The token itself is never stored, only its hash; the row
-- is deleted when it is spent, so that no two can spend it. Times: monotonic seconds hold within one
-- boot, wall seconds are since 1970. A row is void when either says that its time is over.
CREATE TABLE approvals (
  token_hash        BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
  digest            BLOB NOT NULL CHECK (length(digest) = 32),
  command           TEXT NOT NULL,
  requester         TEXT NOT NULL,
  profile           TEXT NOT NULL,
  boot              TEXT NOT NULL,
  issued_wall       REAL NOT NULL,
  expires_monotonic REAL NOT NULL,
  expires_wall      REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX approvals_by_expiry ON approvals (expires_wall);
