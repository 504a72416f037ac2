-- Counts the on-air log that is there already.

-- +goose Up
INSERT INTO onair_day (day, segments)
  SELECT substr(from_at, 1, 10), COUNT(*) FROM onair GROUP BY substr(from_at, 1, 10);

-- +goose Down
DELETE FROM onair_day;
