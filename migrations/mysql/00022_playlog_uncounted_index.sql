-- Finds the uncounted entries. It is a step of its own, because MariaDB then adds
-- the column before without copying the table.
-- Oldest program: 17

-- +goose Up
ALTER TABLE playlog ADD KEY playlog_uncounted (is_uncounted, played_at);

-- +goose Down
ALTER TABLE playlog DROP KEY playlog_uncounted;
