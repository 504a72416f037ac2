-- How many segments of the on-air log begin on each day, so that nobody has to
-- count them all.

-- +goose Up
CREATE TABLE onair_day (
  day DATE NOT NULL PRIMARY KEY COMMENT 'UTC',
  segments BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE onair_day;
