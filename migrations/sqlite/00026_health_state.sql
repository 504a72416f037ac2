-- A row of health is a state: its first report, and the last one that confirmed
-- it. The new columns are not part of the hash by which nodes compare states.
-- received_at is NULL if no engine sent the report to its own host itself,
-- last_at if no report confirmed the state.
-- Oldest program: 18

-- +goose Up
ALTER TABLE health ADD COLUMN received_at TEXT NULL;
ALTER TABLE health ADD COLUMN last_at TEXT NULL;
ALTER TABLE health ADD COLUMN last_received_at TEXT NULL;
ALTER TABLE health ADD COLUMN last_details TEXT NOT NULL DEFAULT '';
ALTER TABLE health ADD COLUMN signs TEXT NOT NULL DEFAULT '';
ALTER TABLE health ADD COLUMN doubts TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE health DROP COLUMN doubts;
ALTER TABLE health DROP COLUMN signs;
ALTER TABLE health DROP COLUMN last_details;
ALTER TABLE health DROP COLUMN last_received_at;
ALTER TABLE health DROP COLUMN last_at;
ALTER TABLE health DROP COLUMN received_at;
