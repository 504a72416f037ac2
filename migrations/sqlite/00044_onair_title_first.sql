-- Finds the titles that were on air for the first time in a period, as table title_first
-- did, which nothing uses any more.
-- Oldest program: 18

-- +goose Up
CREATE INDEX IF NOT EXISTS onair_title_first ON onair_title (first_at);

-- +goose Down
DROP INDEX IF EXISTS onair_title_first;
