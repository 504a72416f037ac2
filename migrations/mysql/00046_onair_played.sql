-- Which titles were on air on each day that is over, counted from table onair, so that
-- nobody has to count years of plays. A row counts if segments is what table onair_day
-- says, so a new play need not change it.
-- Oldest program: 18

-- +goose Up
CREATE TABLE onair_played (
  day DATE NOT NULL PRIMARY KEY COMMENT 'UTC',
  segments BIGINT NULL COMMENT 'how many began; NULL: anything else of the day has changed since',
  titles MEDIUMBLOB NOT NULL COMMENT 'title_id of each play that began, in order: 8 bytes, the highest first'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE onair_played;
