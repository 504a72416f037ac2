-- What the sources played; the columns mean what they mean in MariaDB.
-- Times are UTC as text of fixed width ("2020-06-27 17:14:00.000000"), which
-- sorts as time does and a person can read.

-- +goose Up
CREATE TABLE playlog (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  fingerprint BLOB NOT NULL,
  log_source INTEGER NOT NULL,
  track_start TEXT NOT NULL,
  track_artist TEXT NOT NULL DEFAULT '',
  track_album TEXT NOT NULL DEFAULT '',
  track_title TEXT NOT NULL DEFAULT '',
  track_num INTEGER NOT NULL DEFAULT 0,
  track_type INTEGER NOT NULL DEFAULT 0,
  duration_ms INTEGER NOT NULL DEFAULT 0,
  playlist_id INTEGER NOT NULL DEFAULT 0,
  timeslot_id INTEGER NOT NULL DEFAULT 0,
  show_id INTEGER NOT NULL DEFAULT 0,
  show_name TEXT NOT NULL DEFAULT '',
  track_composer TEXT NOT NULL DEFAULT '',
  track_label TEXT NOT NULL DEFAULT '',
  track_isrc TEXT NOT NULL DEFAULT '',
  is_manual INTEGER NOT NULL DEFAULT 0,
  is_synced INTEGER NOT NULL DEFAULT 0,
  played_at TEXT NOT NULL,
  is_void INTEGER NOT NULL DEFAULT 0,
  overlay TEXT NULL
) STRICT;
CREATE UNIQUE INDEX playlog_fingerprint ON playlog (fingerprint);
CREATE INDEX playlog_played ON playlog (played_at, id, is_void, is_manual);
CREATE INDEX playlog_unsynced ON playlog (played_at) WHERE is_synced = 0;

-- +goose Down
DROP TABLE playlog;
