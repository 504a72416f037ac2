-- By which rule the on-air log was derived.

-- +goose Up
CREATE TABLE onair_rule (
  id INTEGER PRIMARY KEY,
  default_source INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE onair_rule;
