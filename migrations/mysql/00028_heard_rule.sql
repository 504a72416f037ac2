-- By which rule, from a time on, it is derived what was heard.
-- Oldest program: 18

-- +goose Up
CREATE TABLE heard_rule (
  from_at DATETIME(6) NOT NULL PRIMARY KEY COMMENT 'UTC',
  version INT NOT NULL,
  fallback_shows TEXT NOT NULL COMMENT 'JSON: names of shows',
  longest_file_ms BIGINT NOT NULL,
  longest_live_ms BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE heard_rule;
