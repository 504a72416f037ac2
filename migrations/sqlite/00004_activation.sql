-- Every activation of a source, in the order in which it was accepted. The
-- epoch is the primary key, so of two who both saw epoch n only one can write
-- n+1: that insert is the compare-and-set.

-- +goose Up
CREATE TABLE activation (
  epoch INTEGER PRIMARY KEY,
  source INTEGER NOT NULL,
  active_from TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  made_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  pinned INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX activation_from ON activation (active_from, epoch);

-- +goose Down
DROP TABLE activation;
