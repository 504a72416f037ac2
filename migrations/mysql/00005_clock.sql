-- The last studio clock that each source sent, as it came.

-- +goose Up
CREATE TABLE clock (
  source INT NOT NULL PRIMARY KEY,
  sent_at DATETIME(6) NOT NULL COMMENT 'UTC, when it arrived',
  body MEDIUMTEXT NOT NULL COMMENT 'JSON, whole'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE clock;
