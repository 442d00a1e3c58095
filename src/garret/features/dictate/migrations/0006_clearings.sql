-- Deletions of many in one act: a part names up to 1,000 utterances. `clearing` is the name of the act, `part` the
-- object that says it, `listed` how many it names.
CREATE TABLE utterance_clearings (
    part      TEXT    PRIMARY KEY,
    clearing  TEXT    NOT NULL,
    profile   TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    listed    INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE utterance_cleared (
    utterance TEXT NOT NULL,
    part      TEXT NOT NULL,
    PRIMARY KEY (utterance, part)
) WITHOUT ROWID;

CREATE INDEX utterance_cleared_by ON utterance_cleared (part);

-- That a part counts no more: its utterances came back.
CREATE TABLE utterance_restorations (
    object TEXT PRIMARY KEY,
    part   TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX utterance_restored ON utterance_restorations (part);

-- What is a profile's own and not deleted: each portion of an act is found without a look at those before it.
CREATE INDEX utterances_own ON utterances (profile, id DESC, created) WHERE discarded IS NULL;
