-- What nodes need to compare and to exchange records; NULL where a merge
-- changed the row and nobody has computed the hash since.

-- +goose Up
ALTER TABLE playlog ADD COLUMN content BLOB NULL;
CREATE INDEX playlog_source ON playlog (log_source, played_at, id, content);

-- +goose Down
DROP INDEX playlog_source;
ALTER TABLE playlog DROP COLUMN content;
