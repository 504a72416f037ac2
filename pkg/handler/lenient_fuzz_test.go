package handler

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api/loose"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
)

// taken keeps the last play that was taken, and stores none.
type taken struct {
	Recorder
	play *playlog.Play
}

// Record implements Recorder.
func (r *taken) Record(_ context.Context, p playlog.Play) error {
	p.Entry.Normalize()
	r.play = &p
	return p.Entry.Validate()
}

// FuzzLenient: whatever an engine sends, the answer is 204 or 4xx, and never 5xx.
// No text that strict JSON carries is lost.
func FuzzLenient(f *testing.F) {
	for _, seed := range []string{
		`{"trackStart": "2025-07-17T14:03:05", "trackArtist": "a", "trackTitle": "c", "trackDuration": 215.5, "logSource": 1}`,
		"{\"track_title\": \"Bj\xf6rk\", \"track_start\": NaN, \"track_num\": \"5/12\",}",
		"\xef\xbb\xbf{\"track_title\": \"a\\194\\169\", \"track_artist\": [\"b\", null]}",
		`{"track_title": "a", "track_start": "1970-01-01 01:00:00", "track_duration": "3:45", "show_id": -1, "showId": "None"}`,
		`[{"track_title": "a"}]`, `{"track_title": {"track_title": "a"}}`, `{"track_title": "a", "track_title": "b"}`, `{}`, `null`, `{"trackTitle": "a"`,
	} {
		f.Add([]byte(seed), "application/json")
		f.Add([]byte(seed), "text/plain; charset=iso-8859-15")
	}
	s := newStation(f)
	recorder := &taken{Recorder: s.api.Recorder}
	s.api.Recorder = recorder
	operations, err := NewEngineAPI(s.api)
	if err != nil {
		f.Fatal(err)
	}
	h := httpservertest.New(f, operations, func(_ *httpserver.Config, o *httpserver.Options) { o.Log = zerolog.Nop() })
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		recorder.play = nil
		r := httpservertest.Request(http.MethodPost, v1+"/playlog", string(body))
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusNoContent && (w.Code < 400 || w.Code > 499) {
			t.Fatalf("answered %d: %s", w.Code, w.Body)
		}
		if taken := recorder.play != nil; taken != (w.Code == http.StatusNoContent) {
			t.Fatalf("answered %d, but taken is %t", w.Code, taken)
		}
		var sent map[string]json.RawMessage
		if w.Code != http.StatusNoContent || json.Unmarshal(body, &sent) != nil {
			return
		}
		e := recorder.play.Entry
		if loose.IsNone(e.Artist) && loose.IsNone(e.Title) {
			return // such words are no texts if both are
		}
		for _, field := range model.Fields {
			kept, isText := field.Of(&e).(*string)
			var told string
			if !isText || len(field.Names) < 2 || json.Unmarshal(sent[field.Name()], &told) != nil || told == "" {
				continue
			}
			want := model.Entry{}
			*field.Of(&want).(*string) = told
			want.Normalize()
			if known := *field.Of(&want).(*string); known != *kept && !strings.Contains(string(e.Doubts), field.Name()) {
				t.Fatalf("%s was sent as %q, and taken as %q", field.Name(), known, *kept)
			}
		}
	})
}
