-- What the status monitor owes somebody, and what became of it. Channels that
-- differ in any byte but blanks at the end are different ones.

-- +goose Up
CREATE TABLE delivery (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  channel VARCHAR(64) NOT NULL,
  body MEDIUMTEXT NOT NULL COMMENT 'JSON, whole',
  created_at DATETIME(6) NOT NULL COMMENT 'UTC',
  tries INT NOT NULL DEFAULT 0 COMMENT 'that failed',
  error VARCHAR(1024) NOT NULL DEFAULT '' COMMENT 'of the last try',
  ended_at DATETIME(6) NULL COMMENT 'UTC, NULL while it waits',
  outcome VARCHAR(1024) NOT NULL DEFAULT '' COMMENT 'why it was given up',
  KEY delivery_waiting (channel, ended_at, id),
  KEY delivery_channel (channel, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE delivery;
