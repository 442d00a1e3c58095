-- The remarks on the sound of an utterance, as MessagePack; NULL where nothing was kept of them.
ALTER TABLE utterances ADD COLUMN notes BLOB;
