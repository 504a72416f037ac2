package e2e

import (
	"database/sql"
	"errors"
	"os"
	"testing"
	"time"
)

// deletions are what was in databases that were deleted for good, and when the
// latest one was deleted. The zero value is none.
type deletions struct {
	titles, healths map[string]bool
	at              time.Time
}

// deleteSQLite deletes the file for good. What was in it is known afterwards, by
// other names of the same files.
func (d *deletions) deleteSQLite(t *testing.T, file string) (end func()) {
	t.Helper()
	aside := file + ".aside"
	names := []string{"", "-wal", "-shm"}
	for _, name := range names {
		if err := os.Link(file+name, aside+name); err != nil && !errors.Is(err, os.ErrNotExist) { // the service is starting
			t.Fatal(err)
		}
	}
	for _, name := range names {
		if err := os.Remove(file + name); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	d.at = time.Now()
	return func() {
		d.bury(t, aside)
		for _, name := range names {
			if err := os.Remove(aside + name); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Error(err)
			}
		}
	}
}

// bury notes what is in a deleted database.
func (d *deletions) bury(t *testing.T, file string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?mode=rw&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if d.titles == nil {
		d.titles, d.healths = map[string]bool{}, map[string]bool{}
	}
	for query, found := range map[string]map[string]bool{"SELECT track_title FROM playlog": d.titles, "SELECT details FROM health": d.healths} {
		rows, err := db.QueryContext(t.Context(), query)
		if err != nil {
			t.Logf("the deleted database has nothing: %v", err) // its service had just begun
			return
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			found[name] = true
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
}
