-- Finds the reports of a source by their arrival, by which the rule of what was
-- heard goes.
-- Oldest program: 18

-- +goose Up
ALTER TABLE health ADD KEY health_received (source, received_at);

-- +goose Down
ALTER TABLE health DROP KEY health_received;
