-- The title of the play that begins with a segment. It is NULL if the play began
-- before, if it names nothing, or if an older program wrote the segment.
-- Oldest program: 18

-- +goose Up
ALTER TABLE onair ADD COLUMN title_id BIGINT NULL;

-- +goose Down
ALTER TABLE onair DROP COLUMN title_id;
