CREATE TABLE logs (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      REAL    NOT NULL,
    level   INTEGER NOT NULL,
    worker  TEXT    NOT NULL,
    message TEXT    NOT NULL,
    fields  TEXT    NOT NULL
);

CREATE INDEX logs_worker ON logs (worker, id);
