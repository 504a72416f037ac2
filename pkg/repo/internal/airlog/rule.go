package airlog

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// Rules are the rules of the database's record, in the order of their times.
func Rules(ctx context.Context, c sqldb.Conn) ([]model.HeardRule, error) {
	return sqldb.Select(ctx, c, scanRule, "SELECT from_at, version, fallback_shows, longest_file_ms, longest_live_ms FROM heard_rule ORDER BY from_at")
}

func scanRule(row *sql.Rows) (r model.HeardRule, err error) {
	var shows string
	err = row.Scan((*sqldb.Moment)(&r.From), &r.Version, &shows, (*sqldb.Length)(&r.LongestFile), (*sqldb.Length)(&r.LongestLive))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(shows), &r.FallbackShows); err != nil {
		return r, fmt.Errorf("fallback shows of the rule from %v: %w", r.From.Format(time.RFC3339), err)
	}
	return r, nil
}
