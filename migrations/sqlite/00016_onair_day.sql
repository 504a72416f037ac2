-- How many segments of the on-air log begin on each day, UTC, so that nobody has
-- to count them all.

-- +goose Up
CREATE TABLE onair_day (
  day TEXT NOT NULL PRIMARY KEY,
  segments INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE onair_day;
