-- Engines since 2025 number their media. And how an entry came to be known.
-- supplement is the hash of the columns before it. content stays without it, so
-- that an older program may write rows. Digests are read from the index alone.
-- Oldest program: 18

-- +goose Up
ALTER TABLE playlog
  ADD COLUMN media_id BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN received_at DATETIME(6) NULL COMMENT 'when the play arrived at its own host, UTC; NULL if no engine sent it itself',
  ADD COLUMN told TEXT NOT NULL DEFAULT '' COMMENT 'JSON: when values were told again',
  ADD COLUMN doubts TEXT NOT NULL DEFAULT '' COMMENT 'JSON: what was not understood',
  ADD COLUMN supplement BINARY(16) NULL,
  DROP KEY playlog_source,
  ADD KEY playlog_source (log_source, played_at, id, content, supplement);

-- +goose Down
ALTER TABLE playlog
  DROP KEY playlog_source,
  ADD KEY playlog_source (log_source, played_at, id, content),
  DROP COLUMN supplement, DROP COLUMN doubts, DROP COLUMN told, DROP COLUMN received_at, DROP COLUMN media_id;
