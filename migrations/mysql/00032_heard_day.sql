-- How many segments of table heard begin on each day, so that nobody has to count
-- them all.
-- Oldest program: 18

-- +goose Up
CREATE TABLE heard_day (
  day DATE NOT NULL PRIMARY KEY COMMENT 'UTC',
  segments BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE heard_day;
