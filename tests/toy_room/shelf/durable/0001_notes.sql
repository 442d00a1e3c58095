CREATE TABLE shelf_notes (
    id        TEXT PRIMARY KEY,
    workspace TEXT NOT NULL,
    text      TEXT NOT NULL
);
