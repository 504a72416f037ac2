-- The last studio clock that each source sent, as it came.

-- +goose Up
CREATE TABLE clock (
  source INTEGER PRIMARY KEY,
  sent_at TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE clock;
