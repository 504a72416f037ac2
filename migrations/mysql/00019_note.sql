-- What a program notes for itself, such as what the sync node said last: of each
-- name the last note counts. Nobody is owed it, so it is no delivery.
-- Oldest program: 17

-- +goose Up
CREATE TABLE IF NOT EXISTS note (
  name VARCHAR(64) NOT NULL PRIMARY KEY,
  body MEDIUMTEXT NOT NULL COMMENT 'JSON, whole',
  written_at DATETIME(6) NOT NULL COMMENT 'UTC'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS note;
