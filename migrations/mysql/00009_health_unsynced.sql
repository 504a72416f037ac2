-- Finds the statuses that the sync node does not have yet, and compares what
-- two nodes have without reading the statuses themselves.

-- +goose Up
ALTER TABLE health
  ADD KEY health_unsynced (is_synced, log_time),
  DROP KEY health_source,
  ADD KEY health_source (source, log_time, id, uid);

-- +goose Down
ALTER TABLE health
  DROP KEY health_unsynced,
  DROP KEY health_source,
  ADD KEY health_source (source, log_time);
