-- Which plays are gone for ever, because a person said so: those of a source that
-- were played before a time. source 0 is every source. gone is JSON: what was
-- deleted where it was decided, by source and month. is_own: it was decided in this
-- database, which knows it by its seal. is_done: all of it was deleted where it was
-- decided.
-- Oldest program: 18

-- +goose Up
CREATE TABLE purged_plays (
  uid BLOB NOT NULL PRIMARY KEY,
  before_at TEXT NOT NULL,
  source INTEGER NOT NULL,
  made_at TEXT NOT NULL,
  made_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  gone TEXT NOT NULL,
  seal BLOB NOT NULL,
  is_own INTEGER NOT NULL,
  is_done INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE purged_plays;
