-- What the sources played: one row per title, raw as the engine sent it.
--
-- fingerprint is the entry's identity. Text is never compared by the database
-- to decide identity, because its collations ignore trailing blanks.
-- Unknown is '' for text and 0 for numbers, so that the greater of two values
-- is also the known one, and merging is a plain maximum.
-- overlay holds the net effect of the entry's corrections, played_at and
-- is_void follow from it; the engine's own values are never touched.

-- +goose Up
CREATE TABLE playlog (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  fingerprint BINARY(16) NOT NULL,
  log_source INT NOT NULL,
  track_start DATETIME(6) NOT NULL COMMENT 'UTC',
  track_artist VARCHAR(256) NOT NULL DEFAULT '',
  track_album VARCHAR(256) NOT NULL DEFAULT '',
  track_title VARCHAR(256) NOT NULL DEFAULT '',
  track_num INT NOT NULL DEFAULT 0,
  track_type INT NOT NULL DEFAULT 0,
  duration_ms BIGINT NOT NULL DEFAULT 0,
  playlist_id BIGINT NOT NULL DEFAULT 0,
  timeslot_id BIGINT NOT NULL DEFAULT 0,
  show_id BIGINT NOT NULL DEFAULT 0,
  show_name VARCHAR(256) NOT NULL DEFAULT '',
  track_composer VARCHAR(256) NOT NULL DEFAULT '',
  track_label VARCHAR(256) NOT NULL DEFAULT '',
  track_isrc VARCHAR(256) NOT NULL DEFAULT '',
  is_manual BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'logged by a person; no engine sent it',
  is_synced BOOLEAN NOT NULL DEFAULT FALSE,
  played_at DATETIME(6) NOT NULL COMMENT 'UTC; track_start unless a correction amended it',
  is_void BOOLEAN NOT NULL DEFAULT FALSE,
  overlay TEXT NULL COMMENT 'net effect of the corrections, JSON',
  UNIQUE KEY playlog_fingerprint (fingerprint),
  KEY playlog_played (played_at, id, is_void, is_manual),
  KEY playlog_unsynced (is_synced, played_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE playlog;
