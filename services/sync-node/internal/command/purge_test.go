package command

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// TestPurge: the sync node decides, also about a single source, and only over an on-air
// log that it can keep right.
func TestPurge(t *testing.T) {
	t.Parallel()
	url := "sqlite://" + filepath.Join(t.TempDir(), "test.db")
	environ := map[string]string{"AURA_DATABASE_URL": url, "AURA_STATION_TIMEZONE": "Europe/Vienna"}
	expect := expecting(t, environ)
	expect("purge list", cli.ExitFailed, "there is no database yet")
	expect("migrate up", cli.ExitOK, "")
	expect("purge plays --before 2016-01-01 --reason old", cli.ExitConfig, "start the service once")
	prepare(t, url)
	db, err := repo.OpenStation(repo.Config{URL: url}, 1, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for source := range 2 {
		for year := range 2 {
			e := model.Entry{LogSource: 1 + source, TrackStart: time.Date(2015+year, 6, 27, 12, 0, 0, 0, time.UTC), Title: "a", Duration: time.Minute}
			if err := db.StoreEntry(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
	}
	expect("purge plays --before 2016-01-01 --source -1 --reason old", cli.ExitUsage, "must be a source, or 0 for all")
	expect("purge plays --before 2016-01-01 --source 2 --dry-run", cli.ExitOK, "2  2015-06        1       60", "export --to 2015-12-31 --source 2 plays.jsonl")
	expect("purge plays --before 2016-01-01 --source 2 --reason old", cli.ExitOK, "plays of source 2 before 2016-01-01T00:00:00+01:00 were purged", "total        1       60")
	expect("purge plays --before 2016-01-01 --reason old", cli.ExitOK, "plays before 2016-01-01T00:00:00+01:00 were purged", "1  2015-06        1       60")
	expect("purge list", cli.ExitOK, "plays of source 2 before", "plays before")
	if n, err := db.CountEntries(t.Context(), model.EntryQuery{}); err != nil || n != 2 {
		t.Errorf("left are %d, %v", n, err)
	}
	if differing, err := db.Verify(t.Context(), nil); err != nil || differing != 0 {
		t.Errorf("%d segments of the on-air log are wrong, %v", differing, err)
	}
}
