-- Finds the plays of a title. It is a step of its own, because MariaDB then adds the
-- column before without copying the table.
-- Oldest program: 18

-- +goose Up
CREATE INDEX IF NOT EXISTS heard_titled ON heard (title_id, from_at) WHERE title_id IS NOT NULL;

-- +goose Down
DROP INDEX IF EXISTS heard_titled;
