-- Which sources somebody works on, as was said last.

-- +goose Up
CREATE TABLE maintenance (
  source INTEGER PRIMARY KEY,
  is_on INTEGER NOT NULL,
  made_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  changed_at TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE maintenance;
