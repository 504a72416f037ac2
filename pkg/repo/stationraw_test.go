package repo_test

import (
	"database/sql"
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
)

// empty deletes all that a station stores, in one transaction.
func empty(t *testing.T, raw *sql.DB) {
	tx, err := raw.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"playlog", "correction", "activation", "onair", "onair_day", "onair_title", "onair_played", "title_word", "onair_rule", "changed", "playlog_day", "health", "heard_rule"} {
		if _, err := tx.ExecContext(t.Context(), "DELETE FROM "+table); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func storeRules(t *testing.T, raw *sql.DB, rules []model.HeardRule) {
	for _, r := range rules {
		shows, err := json.Marshal(r.FallbackShows)
		if err != nil {
			t.Fatal(err)
		}
		_, err = raw.ExecContext(t.Context(), "INSERT INTO heard_rule (from_at, version, fallback_shows, longest_file_ms, longest_live_ms) VALUES (?, ?, ?, ?, ?)",
			r.From.Format("2006-01-02 15:04:05.000000"), r.Version, string(shows), r.LongestFile.Milliseconds(), r.LongestLive.Milliseconds())
		if err != nil {
			t.Fatal(err)
		}
	}
}

// numbers are the entries' numbers in the database.
func (h *history) numbers(t *rapid.T) map[model.Fingerprint]int64 { return entryNumbers(t, h.raw) }

func entryNumbers(t interface{ Fatal(...any) }, raw *sql.DB) map[model.Fingerprint]int64 {
	rows, err := raw.Query("SELECT fingerprint, id FROM playlog")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	numbers := map[model.Fingerprint]int64{}
	for rows.Next() {
		var id []byte
		var number int64
		if err := rows.Scan(&id, &number); err != nil {
			t.Fatal(err)
		}
		numbers[model.Fingerprint(id)] = number
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return numbers
}

// airLog reads the materialized log.
func airLog(t interface{ Fatal(...any) }, raw *sql.DB) []onair.Segment {
	return segments(t, raw, "onair")
}

func segments(t interface{ Fatal(...any) }, raw *sql.DB, table string) []onair.Segment {
	rows, err := raw.Query("SELECT from_at, until_at, entry_id, fingerprint, source, is_estimated FROM " + table + " ORDER BY from_at")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var log []onair.Segment
	parse := func(text string) time.Time {
		at, err := time.Parse("2006-01-02 15:04:05.000000", text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for rows.Next() {
		var s onair.Segment
		var from string
		var until sql.NullString
		var id []byte
		if err := rows.Scan(&from, &until, &s.Entry, &id, &s.Source, &s.Estimated); err != nil {
			t.Fatal(err)
		}
		s.From, s.Fingerprint = parse(from), model.Fingerprint(id)
		if until.Valid {
			s.Until = parse(until.String)
		}
		log = append(log, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return log
}
