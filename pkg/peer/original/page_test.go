package original

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/stationtime"
)

var noon = time.Date(2020, 6, 27, 12, 0, 0, 0, time.UTC)

// node is an original node in Vienna that answers as the test says.
func node(t testing.TB, answer http.HandlerFunc) *Node {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	zone, err := stationtime.Load("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	client, err := peer.New(server.URL, peer.Config{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return New(client, zone)
}

func TestNode_Page(t *testing.T) {
	t.Parallel()
	list := []string{
		`{"track_start": "2020-06-27 14:00:00", "track_artist": "Mazzie Star", "track_duration": "293", "track_num": 3, "show_id": -1, "log_source": "2", "id": 5, "x": {}}`,
		`{"track_start": "2020-06-27T12:00:00.5Z", "track_title": 5, "track_duration": 1e400, "track_num": [], "track_type": 4294967296, "playlist_id": null, "log_source": null}`,
		`{"track_start": "2020-10-25T02:15:00", "track_title": "twice"}`,
		`{"track_title": "without a start"}`, `{"track_start": {}}`,
	}
	var query url.Values
	answer := "[" + strings.Join(list, ",") + "]"
	n := node(t, func(w http.ResponseWriter, r *http.Request) { query = r.URL.Query(); _, _ = io.WriteString(w, answer) })
	got, err := n.page(t.Context(), pageQuery{number: 3, limit: 50})
	if err != nil || query.Encode() != "limit=50&page=3&skip_synced=true" {
		t.Fatal(query, err)
	}
	first := time.Date(2020, 10, 25, 0, 15, 0, 0, time.UTC)
	want := []Played{
		{Entry: model.Entry{LogSource: 2, TrackStart: noon, Artist: "Mazzie Star", Duration: 293 * time.Second, TrackNum: 3}},
		{Entry: model.Entry{TrackStart: noon.Add(time.Second / 2), Title: "5"}},
		{Entry: model.Entry{TrackStart: first.Add(time.Hour), Title: "twice"}, OtherStart: first},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	answer = "[" + strings.Join(list[3:], ",") + "]"
	if _, err := n.page(t.Context(), pageQuery{limit: 50}); err == nil {
		t.Error("a page without any readable entry is taken for the end")
	}
	answer = "[]"
	if got, err := n.page(t.Context(), pageQuery{limit: 50}); err != nil || len(got) != 0 {
		t.Errorf("the end is %v, %v", got, err)
	}
	// Entries that start within the bounds are returned, whichever of two equal
	// hours the node assumes. On 25 October 2026 the hour from 00:00 UTC is one
	// of them.
	night := time.Date(2026, 10, 25, 0, 30, 0, 5, time.UTC)
	for hour, want := range []string{
		"from 2026-10-25T01:30:00 to 2026-10-25T02:30:01", "from 2026-10-25T02:30:00 to 2026-10-25T03:30:01", "from 2026-10-25T03:30:00 to 2026-10-25T03:30:01",
	} {
		at := night.Add(time.Duration(hour) * time.Hour)
		if _, err := n.page(t.Context(), pageQuery{from: at, to: at, limit: 1}); err != nil {
			t.Fatal(err)
		}
		if got := "from " + query.Get("from_date") + " to " + query.Get("to_date"); got != want {
			t.Errorf("asks %s, want %s", got, want)
		}
	}
}

// TestNode_Playlog: it begins a week before the newest known entry, or asks for
// everything.
func TestNode_Playlog(t *testing.T) {
	t.Parallel()
	var asked []string
	n := node(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RawQuery)
		_, _ = io.WriteString(w, "[]")
	})
	for newest, want := range map[time.Time]string{
		{}:   "limit=10&page=0&skip_synced=true",
		noon: "from_date=2020-06-20T14%3A00%3A00&limit=10&page=0&skip_synced=true",
	} {
		asked = nil
		if page, err := n.Playlog(newest, 10)(t.Context()); err != nil || len(page) != 0 || !slices.Equal(asked, []string{want}) {
			t.Errorf("since %s: %v, %v, asked %q, want %q", newest, page, err, asked, want)
		}
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		nil:                                                 false,
		io.ErrUnexpectedEOF:                                 false,
		peer.ErrUnsupported:                                 false,
		&peer.StatusError{Status: 400}:                      true,
		&peer.StatusError{Status: 409}:                      true,
		&peer.StatusError{Status: 422}:                      true,
		&peer.StatusError{Status: 401}:                      false,
		&peer.StatusError{Status: 403}:                      false,
		&peer.StatusError{Status: 408}:                      false,
		&peer.StatusError{Status: 429}:                      false,
		&peer.StatusError{Status: 500}:                      false,
		fmt.Errorf("a: %w", &peer.StatusError{Status: 400}): true,
	} {
		if got := Refuses(err); got != want {
			t.Errorf("%v: %t, want %t", err, got, want)
		}
	}
}
