-- The titles that were heard at a node, derived from table heard: how often, first
-- and last. id is a hash of artist and title, folded is what is searched. plays is 0
-- if a title is in the log no more.
-- Oldest program: 18

-- +goose Up
CREATE TABLE heard_title (
  id INTEGER NOT NULL PRIMARY KEY,
  folded TEXT NOT NULL,
  plays INTEGER NOT NULL,
  first_at TEXT NOT NULL,
  last_at TEXT NOT NULL
) STRICT;
CREATE INDEX heard_title_plays ON heard_title (plays, folded);

-- +goose Down
DROP TABLE heard_title;
