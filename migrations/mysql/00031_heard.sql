-- What was heard of each source of a node, derived from playlog and health: one
-- row per segment. Segments of one source never overlap.
-- Oldest program: 18

-- +goose Up
CREATE TABLE heard (
  from_at DATETIME(6) NOT NULL COMMENT 'UTC',
  until_at DATETIME(6) NULL COMMENT 'UTC; NULL: nothing is known that ends it',
  entry_id BIGINT NOT NULL,
  fingerprint BINARY(16) NOT NULL,
  source INT NOT NULL,
  is_estimated BOOLEAN NOT NULL,
  PRIMARY KEY (from_at, entry_id),
  UNIQUE KEY heard_source (source, from_at),
  KEY heard_entry (entry_id, from_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE heard;
