-- By which rule, from a time on, it is derived what was heard. fallback_shows is
-- JSON: names of shows.
-- Oldest program: 18

-- +goose Up
CREATE TABLE heard_rule (
  from_at TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  fallback_shows TEXT NOT NULL,
  longest_file_ms INTEGER NOT NULL,
  longest_live_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE heard_rule;
