-- How many segments of table heard begin on each day, UTC, so that nobody has to
-- count them all.
-- Oldest program: 18

-- +goose Up
CREATE TABLE heard_day (
  day TEXT NOT NULL PRIMARY KEY,
  segments INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE heard_day;
