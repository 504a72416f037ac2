-- How an entry came to be known: when it arrived, when it was told again, and
-- what was not understood of it. evidence is the hash of the three.
-- Oldest program: 18

-- +goose Up
ALTER TABLE playlog ADD COLUMN received_at TEXT NULL;
ALTER TABLE playlog ADD COLUMN told TEXT NOT NULL DEFAULT '';
ALTER TABLE playlog ADD COLUMN doubts TEXT NOT NULL DEFAULT '';
ALTER TABLE playlog ADD COLUMN evidence BLOB NULL;

-- +goose Down
ALTER TABLE playlog DROP COLUMN evidence;
ALTER TABLE playlog DROP COLUMN doubts;
ALTER TABLE playlog DROP COLUMN told;
ALTER TABLE playlog DROP COLUMN received_at;
