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

// storeRuled makes a database in which a file of unknown duration is followed by a
// gap of an hour, in two months.
func storeRuled(t *testing.T, url string) {
	t.Helper()
	prepare(t, url)
	db, err := repo.OpenStation(repo.Config{URL: url}, 1, zerolog.Nop())
	if err == nil {
		_, err = db.StartRule(t.Context(), model.DefaultHeardRule())
	}
	for _, month := range []time.Month{time.September, time.October} {
		at := time.Date(2026, month, 20, 12, 0, 0, 0, time.UTC)
		for i, e := range []model.Entry{{Title: "Unknown"}, {Title: "Known", Duration: time.Minute}} {
			e.LogSource, e.TrackStart = 1, at.Add(time.Duration(i)*time.Hour)
			if err == nil {
				err = db.StoreEntry(t.Context(), e)
			}
		}
	}
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestRule plays a person who tries a rule, lets it count, and takes it back.
func TestRule(t *testing.T) {
	t.Parallel()
	url := "sqlite://" + filepath.Join(t.TempDir(), "test.db")
	environ := map[string]string{"AURA_DATABASE_URL": url, "AURA_STATION_TIMEZONE": "Europe/Vienna"}
	expect := expecting(t, environ)
	expect("rule", cli.ExitFailed, "there is no database yet")
	expect("migrate up", cli.ExitOK)
	expect("rule --from 2026-10-01", cli.ExitConfig, "start the service once")
	storeRuled(t, url)

	const asIs = `from the beginning: rule 2: fallback shows "Fallback", unknown durations up to 15m0s (files) and 4h0m0s`
	expect("rule", cli.ExitOK, asIs+" (streams and lines)\n")
	expect("rule --as-said", cli.ExitConfig, "--from 2026-01-01")
	expect("rule --dry-run", cli.ExitConfig, "--from 2026-01-01")
	expect("rule --from yesterday", cli.ExitConfig, "--from:")
	expect("rule --from 2026-01-01 --dry-run", cli.ExitOK, "nothing would change\n")
	for range 2 { // a trial changes nothing
		expect("rule --from 2026-01-01 --dry-run --as-said", cli.ExitOK, "2026-09 ", "2026-10 ", " 1 plays, of which 0 are not heard any more; 15m0s becomes 1h0m0s\n")
	}
	expect("rule --from 2026-10-01 --as-said", cli.ExitOK, "rule 1: each play as it was said: it counts; ")
	expect("rule", cli.ExitOK, asIs, "from 2026-10-01T00:00:00+02:00: rule 1", "does not count until `sync-node rule --from …`")
	environ["AURA_UNKNOWN_DURATION_MAX"] = "10m"
	expect("rule --from 2026-01-01 --dry-run", cli.ExitOK, "2026-09 ", "15m0s becomes 10m0s", "2026-10 ", "1h0m0s becomes 10m0s")
	delete(environ, "AURA_UNKNOWN_DURATION_MAX")
	expect("rule --from 2026-10-01", cli.ExitOK, "it counts; ")
	expect("rule --from 2026-01-01 --dry-run", cli.ExitOK, "nothing would change\n")
	expect("rule --from 2026-09-01 --dry-run --as-said", cli.ExitOK, "2026-10 ", "15m0s becomes 1h0m0s")
}
