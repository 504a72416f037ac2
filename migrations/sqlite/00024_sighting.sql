-- The databases from which the sync node heard that they are a host's.
-- Oldest program: 17

-- +goose Up
CREATE TABLE IF NOT EXISTS sighting (
  uid BLOB NOT NULL,
  start BLOB NOT NULL,
  host INTEGER NOT NULL,
  starts INTEGER NOT NULL,
  first_at TEXT NOT NULL,
  last_at TEXT NOT NULL,
  standing TEXT NOT NULL,
  PRIMARY KEY (uid, start)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE IF EXISTS sighting;
