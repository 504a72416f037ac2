-- How many entries were played on each day, UTC, so that nobody has to count
-- them all. The numbers of a stale day are out of date.
-- Oldest program: 17

-- +goose Up
CREATE TABLE IF NOT EXISTS playlog_day (
  day TEXT NOT NULL PRIMARY KEY,
  visible INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  is_stale INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE IF EXISTS playlog_day;
