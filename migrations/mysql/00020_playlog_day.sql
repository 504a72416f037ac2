-- How many entries were played on each day, so that nobody has to count them
-- all. The numbers of a stale day are out of date.
-- Oldest program: 17

-- +goose Up
CREATE TABLE IF NOT EXISTS playlog_day (
  day DATE NOT NULL PRIMARY KEY COMMENT 'UTC',
  visible BIGINT NOT NULL COMMENT 'entries that are not void',
  sent BIGINT NOT NULL COMMENT 'entries that an engine sent',
  is_stale BOOLEAN NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE IF EXISTS playlog_day;
