CREATE TABLE shelf_counts (
    workspace TEXT    NOT NULL,
    word      TEXT    NOT NULL,
    count     INTEGER NOT NULL,
    PRIMARY KEY (workspace, word)
) WITHOUT ROWID;
