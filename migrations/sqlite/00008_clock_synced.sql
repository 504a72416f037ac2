-- Clocks travel to the sync node too.

-- +goose Up
ALTER TABLE clock ADD COLUMN is_synced INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE clock DROP COLUMN is_synced;
