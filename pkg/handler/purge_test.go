package handler

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/model"
)

// purging is a database in which a person can purge.
type purging interface {
	DecidePurge(ctx context.Context, p model.Purge) error
	PurgePlays(ctx context.Context, uid model.Fingerprint, month func(time.Time) string, limit int) ([]model.Gone, bool, error)
}

// TestPurge: the report of a purged period says so, whatever its form, that of a period
// in part in its summary. What an engine says of that time is a play of now; a person's
// entry is refused.
func TestPurge(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*station{"EngineAPI": newStation(t), "SyncNode": newSyncNode(t)} {
		t.Run(name, func(t *testing.T) {
			purge := model.Purge{
				Before: time.Date(2019, 12, 31, 23, 0, 0, 0, time.UTC), At: time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC), By: "Alice", Reason: "kept for years",
			}
			s.api.Now = func() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) }
			if answer := get[[]record.Purge](s, "/sync/purges"); len(answer) != 0 {
				t.Errorf("nothing was purged, and the answer is %+v", answer)
			}
			if err := s.db.(purging).DecidePurge(t.Context(), purge); err != nil {
				t.Fatal(err)
			}
			if answer := get[[]record.Purge](s, "/sync/purges"); len(answer) != 1 || answer[0].Purge().By != "Alice" || !answer[0].Before.Equal(purge.Before) {
				t.Errorf("the answer is %+v", answer)
			}

			const gone = "The plays before 2020-01-01T00:00:00+01:00 were purged on 2026-03-02 by Alice: kept for years"
			for _, path := range []string{"/report/2019-12", "/report/2019?format=csv", "/report/2019-Q4?format=xlsx", "/report/2019-12/holes", "/report?from=2019-12-31&to=2019-12-31"} {
				if body := s.do(http.StatusGone, http.MethodGet, path, "").Body.String(); !strings.Contains(body, gone) {
					t.Errorf("%s: %s", path, body)
				}
			}
			if summary := get[api.Report](s, "/report?from=2019-12-31&to=2020-01-01").Summary.Summary; summary != "no holes; plays before 2020-01-01T00:00:00+01:00 were purged on 2026-03-02" {
				t.Errorf("of a part: %s", summary)
			}
			if summary := get[api.Report](s, "/report/2020-01").Summary.Summary; summary != "no holes" {
				t.Errorf("of what is kept: %s", summary)
			}

			const old = `{"track_start": "2019-12-31 22:00:00", "track_title": "a", "log_source": 1}`
			if name == "SyncNode" { // original nodes send their entries so
				s.do(http.StatusBadRequest, http.MethodPost, "/playlog", old)
			} else {
				s.do(http.StatusNoContent, http.MethodPost, "/playlog", old)
				plays := get[[]api.PlaylogEntry](s, "/playlog?corrections=raw")
				if len(plays) != 1 || !plays[0].TrackStart.Equal(plays[0].ReceivedAt.Time) || len(plays[0].Doubts) != 1 {
					t.Errorf("stored is %+v", plays)
				}
			}
			missed := s.do(http.StatusBadRequest, http.MethodPost, "/playlog/corrections",
				`{"entry": {"track_start": "2019-12-31 22:00:00", "track_title": "a", "log_source": 1}, "by": "Bob", "reason": "x"}`).Body.String()
			if !strings.Contains(missed, "track_start") || !strings.Contains(missed, "were purged on 2026-03-01 by Alice") {
				t.Errorf("missed: %s", missed)
			}
		})
	}
}
