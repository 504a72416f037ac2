-- When a clock arrived at its own host, and what was not understood of it.
-- Oldest program: 18

-- +goose Up
ALTER TABLE clock
  ADD COLUMN received_at DATETIME(6) NULL COMMENT 'UTC; NULL if no engine sent it there itself',
  ADD COLUMN doubts TEXT NOT NULL DEFAULT '' COMMENT 'JSON';

-- +goose Down
ALTER TABLE clock DROP COLUMN doubts, DROP COLUMN received_at;
