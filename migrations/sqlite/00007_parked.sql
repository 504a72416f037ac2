-- Records that the sync node refused. They wait here until somebody retries
-- them, and hold nothing else up.

-- +goose Up
CREATE TABLE parked (
  kind TEXT NOT NULL,
  uid BLOB NOT NULL,
  parked_at TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (kind, uid)
) STRICT;

-- +goose Down
DROP TABLE parked;
