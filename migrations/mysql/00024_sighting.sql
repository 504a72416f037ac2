-- The databases from which the sync node heard that they are a host's.
-- Oldest program: 17

-- +goose Up
CREATE TABLE IF NOT EXISTS sighting (
  uid BINARY(16) NOT NULL COMMENT 'of the database',
  start BINARY(16) NOT NULL COMMENT 'of the service that serves it',
  host INT NOT NULL,
  starts BIGINT NOT NULL,
  first_at DATETIME(6) NOT NULL COMMENT 'UTC',
  last_at DATETIME(6) NOT NULL COMMENT 'UTC',
  standing VARCHAR(16) NOT NULL COMMENT 'current, replaced or refused',
  PRIMARY KEY (uid, start)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS sighting;
