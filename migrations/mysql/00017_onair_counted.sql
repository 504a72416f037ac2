-- Counts the on-air log that is there already. A service may have counted a day
-- meanwhile: it read the same rows, so the numbers are equal.

-- +goose Up
INSERT INTO onair_day (day, segments)
  SELECT DATE(from_at), COUNT(*) FROM onair GROUP BY DATE(from_at)
  ON DUPLICATE KEY UPDATE segments = VALUES(segments);

-- +goose Down
DELETE FROM onair_day;
