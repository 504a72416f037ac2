-- Who is signed in on the pages. What the browser shows is not here: id is its
-- SHA-256, and proof is of the token, by what the browser shows.
-- Oldest program: 18

-- +goose Up
CREATE TABLE session (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  proof BLOB NOT NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE session;
