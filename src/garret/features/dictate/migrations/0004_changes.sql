-- What a person changed: `text` is then their own, and `cleaned` what it was before (NULL: nobody changed it).
-- `discarded` is when it was deleted, in seconds since 1970, where that can still be taken back.
ALTER TABLE utterances ADD COLUMN cleaned TEXT;
ALTER TABLE utterances ADD COLUMN discarded REAL;
-- 1: nothing in it was to be taken for a spoken command.
ALTER TABLE utterances ADD COLUMN plain INTEGER NOT NULL DEFAULT 0;

-- All that the history is narrowed by, so that a page in the middle of 100,000 is found without their texts.
CREATE INDEX utterances_listed ON utterances (id DESC, profile, workspace, discarded, source, engine, created);
CREATE INDEX utterances_discarded ON utterances (discarded) WHERE discarded IS NOT NULL;
