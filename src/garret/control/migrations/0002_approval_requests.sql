-- Commands that wait for somebody's consent, and decisions that were not carried out yet. `payload` is the exact
-- encoding that is consented to. A decision holds until either clock says that its time is over (see
-- 0001_approvals.sql); 'spent' is kept only for a job, which may begin anew under the consent it had. Wall
-- seconds are since 1970.
CREATE TABLE approval_requests (
  id                TEXT PRIMARY KEY,
  digest            BLOB NOT NULL CHECK (length(digest) = 32),
  command           TEXT NOT NULL,
  payload           BLOB NOT NULL,
  role              TEXT NOT NULL,
  name              TEXT NOT NULL,
  profile           TEXT NOT NULL,
  workspace         TEXT NOT NULL,
  job               TEXT,
  asked             REAL NOT NULL,
  until             REAL NOT NULL,
  state             TEXT NOT NULL CHECK (state IN ('waiting', 'granted', 'denied', 'spent')),
  boot              TEXT NOT NULL DEFAULT '',
  expires_monotonic REAL NOT NULL DEFAULT 0,
  expires_wall      REAL NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX approval_requests_by_digest ON approval_requests (digest);
