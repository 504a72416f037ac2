-- Which sources somebody works on, as was said last.

-- +goose Up
CREATE TABLE maintenance (
  source INT NOT NULL PRIMARY KEY,
  is_on BOOLEAN NOT NULL,
  made_by VARCHAR(256) NOT NULL,
  reason VARCHAR(1024) NOT NULL,
  changed_at DATETIME(6) NOT NULL COMMENT 'UTC'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE maintenance;
