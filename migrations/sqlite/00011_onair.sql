-- The on-air log, derived from playlog and activation: one row per segment.

-- +goose Up
CREATE TABLE onair (
  from_at TEXT NOT NULL PRIMARY KEY,
  until_at TEXT NULL,
  entry_id INTEGER NOT NULL,
  fingerprint BLOB NOT NULL,
  source INTEGER NOT NULL
) STRICT;
CREATE INDEX onair_entry ON onair (entry_id, from_at);

-- +goose Down
DROP TABLE onair;
