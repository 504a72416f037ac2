-- Finds the titles that were heard for the first time in a period.
-- Oldest program: 18

-- +goose Up
ALTER TABLE heard_title ADD KEY heard_title_first (first_at);

-- +goose Down
ALTER TABLE heard_title DROP KEY heard_title_first;
