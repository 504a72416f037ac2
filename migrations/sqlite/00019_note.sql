-- What a program notes for itself, such as what the sync node said last: of each
-- name the last note counts. Nobody is owed it, so it is no delivery.
-- Oldest program: 17

-- +goose Up
CREATE TABLE IF NOT EXISTS note (
  name TEXT NOT NULL PRIMARY KEY,
  body TEXT NOT NULL,
  written_at TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE IF EXISTS note;
