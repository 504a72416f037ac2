-- Clocks travel to the sync node too.

-- +goose Up
ALTER TABLE clock ADD COLUMN is_synced BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE clock DROP COLUMN is_synced;
