package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"aura.radio/engine/pkg/lifecycle/lifecycletest"
	"aura.radio/engine/pkg/repo/repotest"
)

// submit sends a form, as a browser without scripts does, and wants a page with a text.
func submit(t *testing.T, s *lifecycletest.Service, path string, status int, want string, form url.Values) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status || !strings.Contains(string(page), want) {
		t.Errorf("POST %s %v: %d, %v, want %d with %q:\n%s", path, form, answer.StatusCode, err, status, want, page)
	}
}

// shows wants a text on a page.
func shows(t *testing.T, s *lifecycletest.Service, path string, texts ...string) {
	t.Helper()
	_, page := s.Await(http.StatusOK, http.MethodGet, path, "")
	for _, want := range texts {
		if !strings.Contains(page, want) {
			t.Errorf("%s does not show %q:\n%s", path, want, page)
		}
	}
}

// TestCorrect_single: who sits at an engine-api corrects with forms alone. Nothing is
// stored before it is confirmed, nor without a reason. An hour that comes twice keeps
// its meaning.
func TestCorrect_single(t *testing.T) {
	t.Parallel()
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite))
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	for i, start := range []string{"2026-06-27T20:00:00", "2026-10-25T02:30:00+01:00"} {
		s.Await(http.StatusNoContent, http.MethodPost, "/api/v1/playlog", fmt.Sprintf(`{"track_start": %q, "track_title": "Halah %d", "track_duration": 180}`, start, i+1))
	}
	sign := func(more ...string) url.Values {
		form := url.Values{"by": {"Ann"}, "reason": {"was <a test>"}}
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return form
	}
	submit(t, s, "/correct/entry/1", http.StatusOK, "Void this entry?", sign("kind", "void", "step", "preview"))
	submit(t, s, "/correct/entry/1", http.StatusBadRequest, "is required: why the correction is made", url.Values{"kind": {"void"}, "step": {"save"}, "by": {"Ann"}})
	submit(t, s, "/correct/entry/1", http.StatusBadRequest, "must be amend, void or restore", sign("kind", "log", "step", "save"))
	shows(t, s, "/correct/entry/1", "Nobody has corrected this entry.")
	submit(t, s, "/correct/entry/1", http.StatusOK, "The entry is voided.", sign("kind", "void", "step", "save"))
	shows(t, s, "/correct/day/2026-06-27?only=void", "Halah 1", "1 entry")
	shows(t, s, "/correct/entry/1", "Ann", "was &lt;a test&gt;", "Take the void back")
	shows(t, s, "/reports?period=2026-06", "Nothing was played in this period.")
	submit(t, s, "/correct/entry/1", http.StatusOK, "The void is taken back.", sign("kind", "restore", "step", "save"))

	submit(t, s, "/correct/entry/2", http.StatusOK, "2026-10-25 02:31&#43;01:00", sign("kind", "amend", "step", "preview", "track_start", "2026-10-25T02:31+01:00"))
	submit(t, s, "/correct/entry/2", http.StatusBadRequest, "the entry already has these values", sign("kind", "amend", "step", "preview", "track_start", "2026-10-25T02:30+01:00", "was.track_start", ""))

	submit(t, s, "/correct/missed", http.StatusOK, "The entry is logged.", sign("step", "save", "track_start", "2026-06-27T20:05", "track_title", "Live", "log_source", "1"))
	submit(t, s, "/correct/missed", http.StatusBadRequest, `value="Live"`, sign("step", "save", "track_start", "noon", "track_title", "Live", "log_source", "1"))
	move := sign("from", "2026-06-27T20:00", "to", "2026-06-27T21:00", "source", "1", "by_length", "30", "direction", "later", "step", "preview")
	submit(t, s, "/correct/shift", http.StatusOK, "it was logged by hand", move)
	move.Set("step", "save")
	submit(t, s, "/correct/shift", http.StatusOK, "1 entry was moved. 1 stays as it is.", move)
	submit(t, s, "/correct/shift", http.StatusOK, "0 entries were moved. 2 stay as they are.", move)
	move.Set("by_length", "-5")
	submit(t, s, "/correct/shift", http.StatusBadRequest, "must be a length such as 1:00:00", move)
	shows(t, s, "/correct/day/2026-06-27?q=halah", "20:00:30", "1 entry")
	shows(t, s, "/reports?period=2026-06", `<dd id="plays">2</dd>`, "Halah 1", "Without an artist")

	s.Await(http.StatusNoContent, http.MethodPost, "/api/v1/playlog", `{"track_start": "2036-06-27T20:00:00", "track_title": "Too early"}`)
	shows(t, s, "/correct/day/2036-06-27?only=doubts", "Too early", "1 doubt")
	submit(t, s, "/correct/entry/4", http.StatusOK, "Confirm this start?", sign("kind", "confirm", "step", "preview"))
	submit(t, s, "/correct/entry/4", http.StatusOK, "The amendment is saved.", sign("kind", "confirm", "step", "save"))
	submit(t, s, "/correct/entry/4", http.StatusBadRequest, "the entry already has these values", sign("kind", "confirm", "step", "save", "reason", "again"))
	shows(t, s, "/day/2026-06-27", `href="../correct/day/2026-06-27"`)
}
