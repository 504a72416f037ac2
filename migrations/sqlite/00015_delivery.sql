-- What the status monitor owes somebody, and what became of it.

-- +goose Up
CREATE TABLE delivery (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  channel TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  ended_at TEXT NULL,
  outcome TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX delivery_waiting ON delivery (channel, id) WHERE ended_at IS NULL;
CREATE INDEX delivery_channel ON delivery (channel, id);

-- +goose Down
DROP TABLE delivery;
