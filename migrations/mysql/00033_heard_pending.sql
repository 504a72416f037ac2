-- What changed of what was said since table heard was derived. New entries are not
-- here: they are uncounted.
-- Oldest program: 18

-- +goose Up
CREATE TABLE heard_pending (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  source INT NOT NULL,
  at DATETIME(6) NOT NULL COMMENT 'start of the play as it is, or arrival of the report, UTC',
  fingerprint BINARY(16) NULL COMMENT 'of the play; NULL: a report of health',
  was TEXT NULL COMMENT 'JSON: the play as it was'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE heard_pending;
