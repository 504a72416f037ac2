package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog/playlogtest"
)

// TestDoubts posts every play that the handler's test has. Each is answered 204, and
// read back with the start, the doubts and all else that it must have.
func TestDoubts(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]string{
		"SQLite":  "sqlite://" + filepath.Join(t.TempDir(), "engine-api.db"),
		"MariaDB": privateMariaDB(t).CommonURL(t),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, database, "AURA_DB_AUTO_MIGRATE=true", "AURA_HOST_ID="+strconv.Itoa(playlogtest.Source))
			for _, c := range playlogtest.Cases() {
				postArrived(t, s.url, "/playlog", c.Body, playlogtest.Arrival)
			}
			var page struct {
				Records []record.Entry `json:"records"`
			}
			if _, err := read(t.Context(), fmt.Sprintf("%s/api/v1/sync/records?source=%d&limit=1000", s.url, playlogtest.Source), &page); err != nil {
				t.Fatal(err)
			}
			stored := map[string]model.Entry{}
			for _, r := range page.Records {
				stored[r.Title] = r.Record().Entry
			}
			if cases := playlogtest.Cases(); len(stored) != len(cases) || len(page.Records) != len(cases) {
				t.Errorf("of %d plays, %d are stored, with %d titles", len(cases), len(page.Records), len(stored))
			}
			for _, c := range playlogtest.Cases() {
				c.Check(t, stored[c.Want.Title])
			}
		})
	}
}

// postArrived posts what an engine says, as of an arrival.
func postArrived(t *testing.T, url, path, body string, at time.Time) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Arrival", at.Format(time.RFC3339Nano))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		t.Errorf("%s is answered %s", body, answer.Status)
	}
}
