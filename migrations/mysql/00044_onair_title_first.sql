-- Finds the titles that were on air for the first time in a period, as table title_first
-- did, which nothing uses any more.
-- Oldest program: 18

-- +goose Up
ALTER TABLE onair_title ADD KEY onair_title_first (first_at);

-- +goose Down
ALTER TABLE onair_title DROP KEY onair_title_first;
