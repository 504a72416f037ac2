-- Every correction of an entry: who, when, why, the values before and after.
-- Rows are only ever added.

-- +goose Up
CREATE TABLE correction (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid BINARY(16) NOT NULL COMMENT 'hash of the content: the same correction is stored once',
  entry BINARY(16) NOT NULL COMMENT 'fingerprint of the entry',
  kind VARCHAR(16) NOT NULL,
  made_at DATETIME(6) NOT NULL COMMENT 'UTC',
  made_by VARCHAR(256) NOT NULL,
  reason VARCHAR(1024) NOT NULL,
  changes TEXT NOT NULL COMMENT 'new values, JSON',
  replaced TEXT NOT NULL COMMENT 'the values before, JSON',
  is_synced BOOLEAN NOT NULL DEFAULT FALSE,
  UNIQUE KEY correction_uid (uid),
  KEY correction_entry (entry, made_at, uid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE correction;
