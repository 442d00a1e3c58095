-- What a room made of its own data and can make again: in which version it is whole, a row a workspace.
CREATE TABLE derived (
    room      TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    workspace TEXT    NOT NULL,
    version   INTEGER NOT NULL,
    PRIMARY KEY (room, name, workspace)
) WITHOUT ROWID;
