-- Which plays are gone for ever, because a person said so: those of a source that
-- were played before a time.
-- Oldest program: 18

-- +goose Up
CREATE TABLE purged_plays (
  uid BINARY(16) NOT NULL PRIMARY KEY,
  before_at DATETIME(6) NOT NULL COMMENT 'UTC',
  source INT NOT NULL COMMENT '0: every source',
  made_at DATETIME(6) NOT NULL COMMENT 'UTC',
  made_by VARCHAR(256) NOT NULL,
  reason VARCHAR(1024) NOT NULL,
  gone MEDIUMTEXT NOT NULL COMMENT 'JSON: what was deleted where it was decided, by source and month',
  seal BINARY(16) NOT NULL COMMENT 'by which the database that decided it knows its own',
  is_own BOOLEAN NOT NULL COMMENT 'it was decided in this database',
  is_done BOOLEAN NOT NULL COMMENT 'all of it was deleted where it was decided'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE purged_plays;
