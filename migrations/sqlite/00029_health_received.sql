-- Finds the reports of a source by their arrival, by which the rule of what was
-- heard goes.
-- Oldest program: 18

-- +goose Up
CREATE INDEX health_received ON health (source, received_at);

-- +goose Down
DROP INDEX health_received;
