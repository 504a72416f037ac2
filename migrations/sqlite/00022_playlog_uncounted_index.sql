-- Finds the uncounted entries. It is a step of its own, because MariaDB then adds
-- the column before without copying the table.
-- Oldest program: 17

-- +goose Up
CREATE INDEX IF NOT EXISTS playlog_uncounted ON playlog (played_at) WHERE is_uncounted = 1;

-- +goose Down
DROP INDEX IF EXISTS playlog_uncounted;
