-- A row of health is a state: its first report, and the last one that confirmed
-- it. The new columns are not part of the hash by which nodes compare states.
-- Oldest program: 18

-- +goose Up
ALTER TABLE health
  ADD COLUMN received_at DATETIME(6) NULL COMMENT 'when the first report arrived at its own host, UTC; NULL if no engine sent it there itself',
  ADD COLUMN last_at DATETIME(6) NULL COMMENT 'UTC, as the engine says; NULL if no report confirmed the state',
  ADD COLUMN last_received_at DATETIME(6) NULL,
  ADD COLUMN last_details MEDIUMTEXT NOT NULL DEFAULT '',
  ADD COLUMN signs TEXT NOT NULL DEFAULT '' COMMENT 'JSON: fallback, silence, frozen level, restart',
  ADD COLUMN doubts TEXT NOT NULL DEFAULT '' COMMENT 'JSON: what was not understood';

-- +goose Down
ALTER TABLE health DROP COLUMN doubts, DROP COLUMN signs, DROP COLUMN last_details, DROP COLUMN last_received_at, DROP COLUMN last_at, DROP COLUMN received_at;
