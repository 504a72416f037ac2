package command

import (
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// TestRule: the command of package rule works on a node. With a sync node it shows,
// and says who decides.
func TestRule(t *testing.T) {
	t.Parallel()
	environ := database(t)
	expect := expecting(t, environ)
	db, err := repo.OpenNode(repo.Config{URL: environ["AURA_DATABASE_URL"]}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, at := t.Context(), time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(db.Migrate(ctx))
	expect("rule --from 2026-10-01", cli.ExitConfig, "start engine-api")
	_, err = db.StartRule(ctx, model.DefaultHeardRule())
	must(err)
	_, err = db.Begin(ctx, model.Owner{Service: model.EngineAPI, Host: 1}, false)
	must(err)
	must(db.PrepareHeard(ctx))
	must(db.StoreEntry(ctx, model.Entry{LogSource: 1, TrackStart: at, Title: "Unknown"}))
	must(db.StoreEntry(ctx, model.Entry{LogSource: 1, TrackStart: at.Add(time.Hour), Title: "Known", Duration: time.Minute}))

	// The service goes on running meanwhile.
	expect("rule --from 2026-01-01 --dry-run --as-said", cli.ExitOK, "2026-10 ", "15m0s becomes 1h0m0s")
	expect("rule --from 2026-01-01 --as-said", cli.ExitOK, "it counts; ")
	expect("rule", cli.ExitOK, "from 2026-01-01T00:00:00+01:00: rule 1", "`engine-api rule --from …`")
	if e, err := db.Heard().LatestEntry(ctx, at); err != nil || !e.Air.Until.Equal(at.Add(time.Hour)) {
		t.Errorf("was heard until %v, %v", e.Air, err)
	}
	must(db.Close())

	environ["AURA_SYNC_HOST"] = "http://host-3:8010"
	expect("rule", cli.ExitOK, "The sync node at http://host-3:8010 decides, and this node follows.")
	expect("rule --from 2026-01-01 --dry-run", cli.ExitOK, "1h0m0s becomes 15m0s")
	expect("rule --from 2026-01-01", cli.ExitConfig, "run `sync-node rule` there")
}
