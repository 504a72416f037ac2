-- How an entry came to be known. evidence is the hash of the three columns
-- before it.
-- Oldest program: 18

-- +goose Up
ALTER TABLE playlog
  ADD COLUMN received_at DATETIME(6) NULL COMMENT 'when the play arrived at its own host, UTC; NULL if no engine sent it itself',
  ADD COLUMN told TEXT NOT NULL DEFAULT '' COMMENT 'JSON: when values were told again',
  ADD COLUMN doubts TEXT NOT NULL DEFAULT '' COMMENT 'JSON: what was not understood',
  ADD COLUMN evidence BINARY(16) NULL;

-- +goose Down
ALTER TABLE playlog DROP COLUMN evidence, DROP COLUMN doubts, DROP COLUMN told, DROP COLUMN received_at;
