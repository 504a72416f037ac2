-- Records that the sync node refused. They wait here until somebody retries
-- them, and hold nothing else up.

-- +goose Up
CREATE TABLE parked (
  kind VARCHAR(16) NOT NULL,
  uid BINARY(16) NOT NULL COMMENT 'fingerprint of the entry, or uid of the health status',
  parked_at DATETIME(6) NOT NULL COMMENT 'UTC',
  reason VARCHAR(1024) NOT NULL,
  PRIMARY KEY (kind, uid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE parked;
