-- Finds the plays of a title. It is a step of its own, because MariaDB then adds the
-- column before without copying the table.
-- Oldest program: 18

-- +goose Up
ALTER TABLE onair ADD KEY onair_titled (title_id, from_at);

-- +goose Down
ALTER TABLE onair DROP KEY onair_titled;
