-- Finds the statuses that the sync node does not have yet, and compares what
-- two nodes have without reading the statuses themselves.

-- +goose Up
CREATE INDEX health_unsynced ON health (log_time) WHERE is_synced = 0;
DROP INDEX health_source;
CREATE INDEX health_source ON health (source, log_time, id, uid);

-- +goose Down
DROP INDEX health_unsynced;
DROP INDEX health_source;
CREATE INDEX health_source ON health (source, log_time);
