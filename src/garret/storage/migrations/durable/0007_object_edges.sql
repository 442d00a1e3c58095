-- What an object is about, in which workspace, and what a tombstone deletes: it may come before that.
ALTER TABLE objects ADD COLUMN aggregate TEXT NOT NULL DEFAULT '';
ALTER TABLE objects ADD COLUMN workspace TEXT NOT NULL DEFAULT 'main';
ALTER TABLE objects ADD COLUMN target BLOB;

UPDATE objects SET target = erased.id
FROM (SELECT id, erased_by FROM objects WHERE erased_by IS NOT NULL) AS erased
WHERE objects.id = erased.erased_by;

CREATE INDEX objects_target ON objects (target) WHERE target IS NOT NULL;

-- The objects of an aggregate that none other of it follows.
CREATE TABLE object_heads (
    aggregate TEXT NOT NULL,
    id        BLOB NOT NULL,
    PRIMARY KEY (aggregate, id)
) WITHOUT ROWID;

-- Whose objects are taken in, beside those of this device. Whoever made what is here already was trusted.
CREATE TABLE object_authors (
    author BLOB PRIMARY KEY CHECK (length(author) = 32)
) WITHOUT ROWID;

INSERT INTO object_authors SELECT DISTINCT author FROM objects WHERE length(author) = 32;

-- The shape in which a room's tables were made from its objects; of another one they are made anew.
CREATE TABLE projections (
    room    TEXT PRIMARY KEY,
    version INTEGER NOT NULL
) WITHOUT ROWID;
