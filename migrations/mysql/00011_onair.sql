-- The on-air log, derived from playlog and activation: one row per segment.
-- Segments never overlap, so from_at identifies one.

-- +goose Up
CREATE TABLE onair (
  from_at DATETIME(6) NOT NULL PRIMARY KEY COMMENT 'UTC',
  until_at DATETIME(6) NULL COMMENT 'UTC; NULL: nothing is known that ends it',
  entry_id BIGINT NOT NULL,
  fingerprint BINARY(16) NOT NULL,
  source INT NOT NULL,
  KEY onair_entry (entry_id, from_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE onair;
