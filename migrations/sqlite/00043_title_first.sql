-- Finds the titles of a log that were played for the first time in a period. log is 1
-- for table onair, and 2 for heard. A title is missing if it is in the log no more, or
-- if an older program noted it, until its words and this are noted.
-- Oldest program: 18

-- +goose Up
CREATE TABLE title_first (
  log INTEGER NOT NULL,
  title_id INTEGER NOT NULL,
  first_at TEXT NOT NULL,
  PRIMARY KEY (log, title_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX title_first_at ON title_first (log, first_at);

-- +goose Down
DROP TABLE title_first;
