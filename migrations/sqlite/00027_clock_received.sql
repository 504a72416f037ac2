-- When a clock arrived at its own host, and what was not understood of it.
-- Oldest program: 18

-- +goose Up
ALTER TABLE clock ADD COLUMN received_at TEXT NULL;
ALTER TABLE clock ADD COLUMN doubts TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE clock DROP COLUMN doubts;
ALTER TABLE clock DROP COLUMN received_at;
