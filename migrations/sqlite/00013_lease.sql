-- The right to act that one holder has at a time.

-- +goose Up
CREATE TABLE lease (
  name TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  holder TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  is_over INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (name, epoch)
) STRICT;

-- +goose Down
DROP TABLE lease;
