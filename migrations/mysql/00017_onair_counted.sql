-- Counts the on-air log that is there already.

-- +goose Up
INSERT INTO onair_day (day, segments)
  SELECT DATE(from_at), COUNT(*) FROM onair GROUP BY DATE(from_at);

-- +goose Down
DELETE FROM onair_day;
