-- How many segments of the on-air log begin on each day, so that nobody has to
-- count them all. It may run again where it was interrupted.

-- +goose Up
CREATE TABLE IF NOT EXISTS onair_day (
  day DATE NOT NULL PRIMARY KEY COMMENT 'UTC',
  segments BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
REPLACE INTO onair_day (day, segments)
  SELECT DATE(from_at), COUNT(*) FROM onair GROUP BY DATE(from_at);

-- +goose Down
DROP TABLE onair_day;
