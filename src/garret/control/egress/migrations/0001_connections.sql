CREATE TABLE egress_connections (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          REAL    NOT NULL,
    room        TEXT    NOT NULL,
    worker      TEXT    NOT NULL,
    command     TEXT    NOT NULL,
    profile     TEXT    NOT NULL,
    workspace   TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    address     TEXT    NOT NULL,
    port        INTEGER NOT NULL,
    transport   TEXT    NOT NULL,
    sent        INTEGER NOT NULL,
    received    INTEGER NOT NULL,
    seconds     REAL    NOT NULL,
    verdict     TEXT    NOT NULL,
    reason      TEXT    NOT NULL
);
CREATE INDEX egress_connections_at ON egress_connections (at);
