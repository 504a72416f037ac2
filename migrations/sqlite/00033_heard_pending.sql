-- What changed of what was said since table heard was derived. New entries are not
-- here: they are uncounted. fingerprint is NULL for a report of health. at is the
-- start of the play as it is, or the arrival of the report; was is JSON: the play
-- as it was.
-- Oldest program: 18

-- +goose Up
CREATE TABLE heard_pending (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  source INTEGER NOT NULL,
  at TEXT NOT NULL,
  fingerprint BLOB NULL,
  was TEXT NULL
) STRICT;

-- +goose Down
DROP TABLE heard_pending;
