-- By which rule the on-air log was derived: when it changes, the log is derived
-- anew.

-- +goose Up
CREATE TABLE onair_rule (
  id INT NOT NULL PRIMARY KEY,
  default_source INT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE onair_rule;
