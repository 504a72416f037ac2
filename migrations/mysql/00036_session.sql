-- Who is signed in on the pages. What the browser shows is not here.
-- Oldest program: 18

-- +goose Up
CREATE TABLE session (
  id BINARY(32) NOT NULL PRIMARY KEY COMMENT 'SHA-256 of what the browser shows',
  name TEXT NOT NULL COMMENT 'of the token',
  proof BINARY(32) NOT NULL COMMENT 'of the token, by what the browser shows',
  created_at DATETIME(6) NOT NULL COMMENT 'UTC',
  expires_at DATETIME(6) NOT NULL COMMENT 'UTC'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE session;
