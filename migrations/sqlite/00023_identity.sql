-- What this database is: whose, which one, and who serves it.
-- Oldest program: 17

-- +goose Up
CREATE TABLE IF NOT EXISTS identity (
  id INTEGER NOT NULL PRIMARY KEY,
  service TEXT NOT NULL,
  host INTEGER NOT NULL,
  uid BLOB NOT NULL,
  made_at TEXT NOT NULL,
  starts INTEGER NOT NULL,
  holder TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE IF EXISTS identity;
