-- The right to act that one process or monitor has at a time. A new holder
-- inserts the next epoch, so of two who both saw a lease expire only one gets
-- it. Before, it marks the reign before as over, so that a renewal on its way
-- cannot bring that back. Names and holders that differ in any byte but blanks at the end are different ones.

-- +goose Up
CREATE TABLE lease (
  name VARCHAR(64) NOT NULL,
  epoch BIGINT NOT NULL,
  holder VARCHAR(256) NOT NULL,
  expires_at DATETIME(6) NOT NULL COMMENT 'UTC, by the clock of the database',
  is_over BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'released, or followed by another',
  PRIMARY KEY (name, epoch)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE lease;
