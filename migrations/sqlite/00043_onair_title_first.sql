-- Finds the titles that were on air for the first time in a period. A title that an
-- older program noted has no words until a newer one adds them.
-- Oldest program: 18

-- +goose Up
CREATE INDEX IF NOT EXISTS onair_title_first ON onair_title (first_at);

-- +goose Down
DROP INDEX IF EXISTS onair_title_first;
