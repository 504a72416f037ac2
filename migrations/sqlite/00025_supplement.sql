-- Engines since 2025 number their media. And how an entry came to be known: when
-- it arrived, when it was told again, and what was not understood of it.
-- supplement is the hash of these columns. content stays without it, so that an
-- older program may write rows. Digests are read from the index alone.
-- Oldest program: 18

-- +goose Up
ALTER TABLE playlog ADD COLUMN media_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE playlog ADD COLUMN received_at TEXT NULL;
ALTER TABLE playlog ADD COLUMN told TEXT NOT NULL DEFAULT '';
ALTER TABLE playlog ADD COLUMN doubts TEXT NOT NULL DEFAULT '';
ALTER TABLE playlog ADD COLUMN supplement BLOB NULL;
DROP INDEX playlog_source;
CREATE INDEX playlog_source ON playlog (log_source, played_at, id, content, supplement);

-- +goose Down
DROP INDEX playlog_source;
CREATE INDEX playlog_source ON playlog (log_source, played_at, id, content);
ALTER TABLE playlog DROP COLUMN supplement;
ALTER TABLE playlog DROP COLUMN doubts;
ALTER TABLE playlog DROP COLUMN told;
ALTER TABLE playlog DROP COLUMN received_at;
ALTER TABLE playlog DROP COLUMN media_id;
