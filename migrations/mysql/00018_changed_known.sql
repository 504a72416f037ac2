-- Which schema the program knew that made a change: one that knows an older
-- schema leaves out what it has not heard of.
-- Oldest program: 17

-- +goose Up
ALTER TABLE changed ADD COLUMN known INT NOT NULL DEFAULT 0 COMMENT 'highest migration of the writer, 0 before it told';

-- +goose Down
ALTER TABLE changed DROP COLUMN known;
