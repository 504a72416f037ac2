-- The sync node's writing transactions, counted.

-- +goose Up
CREATE TABLE changed (
  n INTEGER PRIMARY KEY,
  changed_at TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE changed;
