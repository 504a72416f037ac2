-- Finds the titles of a log that were played for the first time in a period. A title
-- is missing if it is in the log no more, or if an older program noted it, until its
-- words and this are noted.
-- Oldest program: 18

-- +goose Up
CREATE TABLE title_first (
  log TINYINT NOT NULL COMMENT '1: onair, 2: heard',
  title_id BIGINT NOT NULL COMMENT 'hash of artist and title',
  first_at DATETIME(6) NOT NULL COMMENT 'UTC',
  PRIMARY KEY (log, title_id),
  KEY title_first_at (log, first_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE title_first;
