-- An entry that playlog_day does not count yet. What is stored already, and what
-- an older program stores, is counted at the next start.
-- Oldest program: 17

-- +goose Up
ALTER TABLE playlog ADD COLUMN is_uncounted INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE playlog DROP COLUMN is_uncounted;
