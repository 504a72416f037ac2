-- What nodes need to compare and to exchange records.
--
-- content is the hash of all that the nodes must agree on, NULL where a merge
-- changed the row and nobody has computed it since.

-- +goose Up
ALTER TABLE playlog
  ADD COLUMN content BINARY(16) NULL,
  ADD KEY playlog_source (log_source, played_at, id, content);

-- +goose Down
ALTER TABLE playlog DROP KEY playlog_source, DROP COLUMN content;
