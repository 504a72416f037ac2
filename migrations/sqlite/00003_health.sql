-- Every health status that a source reported.

-- +goose Up
CREATE TABLE health (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uid BLOB NOT NULL,
  source INTEGER NOT NULL,
  log_time TEXT NOT NULL,
  is_healthy INTEGER NOT NULL,
  details TEXT NOT NULL,
  is_synced INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX health_uid ON health (uid);
CREATE INDEX health_source ON health (source, log_time);

-- +goose Down
DROP TABLE health;
