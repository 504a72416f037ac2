-- Finds titles of both logs by where a searched word may begin in them. word is how
-- it begins.
-- Oldest program: 18

-- +goose Up
CREATE TABLE title_word (
  word TEXT NOT NULL,
  title_id INTEGER NOT NULL,
  PRIMARY KEY (word, title_id)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE title_word;
