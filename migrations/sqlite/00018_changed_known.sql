-- Which schema the program knew that made a change: one that knows an older
-- schema leaves out what it has not heard of. 0: it did not tell yet.
-- Oldest program: 17

-- +goose Up
ALTER TABLE changed ADD COLUMN known INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE changed DROP COLUMN known;
