-- The titles that were heard at a node, derived from table heard: how often, first
-- and last. plays is 0 if a title is in the log no more.
-- Oldest program: 18

-- +goose Up
CREATE TABLE heard_title (
  id BIGINT NOT NULL PRIMARY KEY COMMENT 'hash of artist and title',
  folded VARBINARY(1024) NOT NULL COMMENT 'what is searched, UTF-8',
  plays BIGINT NOT NULL,
  first_at DATETIME(6) NOT NULL COMMENT 'UTC',
  last_at DATETIME(6) NOT NULL COMMENT 'UTC',
  KEY heard_title_plays (plays, folded)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE heard_title;
