package app_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/lifecycle/lifecycletest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/services/engine-api/internal/app"
)

// TestApp_FirstStart: a play that comes before the first start of a service has made
// its rule count is no play of before that start: one rule counts from ever.
func TestApp_FirstStart(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			url := repotest.MigratedURL(t, kind)
			db := repotest.OpenURL(t, url)
			a, err := app.New(configure(t, url, nil), "test", zerolog.Nop())
			if err != nil {
				t.Fatal(err)
			}
			now := time.Now().UTC().Truncate(time.Microsecond)
			play := playlog.Play{Entry: model.Entry{LogSource: 1, TrackStart: now.AddDate(0, 0, -1), ReceivedAt: now, Title: "Halah", Duration: time.Minute}}
			if taken, err := a.Taker().Take(t.Context(), &play); err != nil || taken != model.TakenKept {
				t.Errorf("before the rule: %v, %v", taken, err)
			}
			s := lifecycletest.Start(t, a)
			s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
			patience.Await(t, func() error {
				_, err := db.EntryWith(t.Context(), play.Entry.Fingerprint())
				return err
			})
			rules, err := db.Rules(t.Context())
			if err != nil || len(rules) != 1 || rules[0].Version == model.RuleAsSaid {
				t.Errorf("rules are %+v, %v", rules, err)
			}
		})
	}
}
