-- Which titles were heard on each day, UTC, that is over: counted from table heard, so
-- that nobody has to count years of plays. titles has the number of the title of each
-- play that began that day: 8 bytes, the highest first, in the order of the numbers with
-- their signs. A row counts if segments is what table heard_day says, so a new play need
-- not change it. segments is NULL if anything else of the day has changed since.
-- Oldest program: 18

-- +goose Up
CREATE TABLE heard_played (
  day TEXT NOT NULL PRIMARY KEY,
  segments INTEGER NULL,
  titles BLOB NOT NULL
) STRICT;

-- +goose Down
DROP TABLE heard_played;
