-- The titles that were on air, derived from table onair: how often, first and
-- last. id is a hash of artist and title, folded is what is searched. plays is 0 if
-- a title is in the log no more.
-- Oldest program: 18

-- +goose Up
CREATE TABLE onair_title (
  id INTEGER NOT NULL PRIMARY KEY,
  folded TEXT NOT NULL,
  plays INTEGER NOT NULL,
  first_at TEXT NOT NULL,
  last_at TEXT NOT NULL
) STRICT;
CREATE INDEX onair_title_plays ON onair_title (plays, folded);

-- +goose Down
DROP TABLE onair_title;
