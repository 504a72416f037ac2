-- Whether the end of a segment is an estimate, because the duration is unknown.
-- Oldest program: 18

-- +goose Up
ALTER TABLE onair ADD COLUMN is_estimated BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE onair DROP COLUMN is_estimated;
