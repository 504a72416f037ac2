-- What was heard of each source of a node, derived from playlog and health: one
-- row per segment. Segments of one source never overlap.
-- Oldest program: 18

-- +goose Up
CREATE TABLE heard (
  from_at TEXT NOT NULL,
  until_at TEXT NULL,
  entry_id INTEGER NOT NULL,
  fingerprint BLOB NOT NULL,
  source INTEGER NOT NULL,
  is_estimated INTEGER NOT NULL,
  PRIMARY KEY (from_at, entry_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX heard_source ON heard (source, from_at);
CREATE INDEX heard_entry ON heard (entry_id, from_at);

-- +goose Down
DROP TABLE heard;
