-- Every health status that a source reported.

-- +goose Up
CREATE TABLE health (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid BINARY(16) NOT NULL COMMENT 'hash of the content: the same status is stored once',
  source INT NOT NULL,
  log_time DATETIME(6) NOT NULL COMMENT 'UTC, as the engine says',
  is_healthy BOOLEAN NOT NULL,
  details MEDIUMTEXT NOT NULL,
  is_synced BOOLEAN NOT NULL DEFAULT FALSE,
  UNIQUE KEY health_uid (uid),
  KEY health_source (source, log_time)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE health;
