-- Finds titles of both logs by where a searched word may begin in them.
-- Oldest program: 18

-- +goose Up
CREATE TABLE title_word (
  word VARBINARY(24) NOT NULL COMMENT 'how it begins, UTF-8',
  title_id BIGINT NOT NULL COMMENT 'hash of artist and title',
  PRIMARY KEY (word, title_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE title_word;
