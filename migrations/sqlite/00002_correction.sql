-- Every correction of an entry: who, when, why, the values before and after.
-- Rows are only ever added.

-- +goose Up
CREATE TABLE correction (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uid BLOB NOT NULL,
  entry BLOB NOT NULL,
  kind TEXT NOT NULL,
  made_at TEXT NOT NULL,
  made_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  changes TEXT NOT NULL,
  replaced TEXT NOT NULL,
  is_synced INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX correction_uid ON correction (uid);
CREATE INDEX correction_entry ON correction (entry, made_at, uid);

-- +goose Down
DROP TABLE correction;
