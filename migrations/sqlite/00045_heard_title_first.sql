-- Finds the titles that were heard for the first time in a period.
-- Oldest program: 18

-- +goose Up
CREATE INDEX IF NOT EXISTS heard_title_first ON heard_title (first_at);

-- +goose Down
DROP INDEX IF EXISTS heard_title_first;
