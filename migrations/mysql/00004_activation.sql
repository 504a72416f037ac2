-- Every activation of a source, in the order in which it was accepted. The
-- epoch is the primary key, so of two who both saw epoch n only one can write
-- n+1: that insert is the compare-and-set.

-- +goose Up
CREATE TABLE activation (
  epoch BIGINT NOT NULL PRIMARY KEY,
  source INT NOT NULL,
  active_from DATETIME(6) NOT NULL COMMENT 'UTC, when it really happened',
  recorded_at DATETIME(6) NOT NULL COMMENT 'UTC, when it was accepted',
  made_by VARCHAR(256) NOT NULL,
  reason VARCHAR(1024) NOT NULL,
  pinned BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'stays until a person releases it',
  KEY activation_from (active_from, epoch)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE activation;
