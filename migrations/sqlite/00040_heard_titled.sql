-- The title of the play that begins with a segment. It is NULL if the play began
-- before, if it names nothing, or if an older program wrote the segment.
-- Oldest program: 18

-- +goose Up
ALTER TABLE heard ADD COLUMN title_id INTEGER NULL;

-- +goose Down
ALTER TABLE heard DROP COLUMN title_id;
