-- The sync node's writing transactions, counted: each inserts the next number
-- first, so that they follow one another, and other processes see by the last
-- one that there is something new.

-- +goose Up
CREATE TABLE changed (
  n BIGINT NOT NULL PRIMARY KEY,
  changed_at DATETIME(6) NOT NULL COMMENT 'UTC'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE changed;
