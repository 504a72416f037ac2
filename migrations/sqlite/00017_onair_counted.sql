-- Counts the on-air log that is there already. A service may have counted a day
-- meanwhile: it read the same rows, so the numbers are equal.

-- +goose Up
INSERT INTO onair_day (day, segments)
  SELECT substr(from_at, 1, 10), COUNT(*) FROM onair WHERE TRUE GROUP BY substr(from_at, 1, 10)
  ON CONFLICT (day) DO UPDATE SET segments = excluded.segments;

-- +goose Down
DELETE FROM onair_day;
