-- What this database is: whose, which one, and who serves it. It has one row.
-- Oldest program: 17

-- +goose Up
CREATE TABLE IF NOT EXISTS identity (
  id INT NOT NULL PRIMARY KEY COMMENT 'always 1',
  service VARCHAR(64) NOT NULL COMMENT 'the service whose database it is',
  host INT NOT NULL COMMENT 'number of the host, 0: none or not known yet',
  uid BINARY(16) NOT NULL COMMENT 'random; a copy of the database has it too',
  made_at DATETIME(6) NOT NULL COMMENT 'UTC',
  starts BIGINT NOT NULL COMMENT 'how often a service began to serve it',
  holder VARCHAR(256) NOT NULL COMMENT 'the process that began last'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS identity;
