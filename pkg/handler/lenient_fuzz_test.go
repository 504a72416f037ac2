package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
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

// statuses are those of the entries of a list, or that of the answer.
func statuses(t *testing.T, w *httptest.ResponseRecorder) (list []int) {
	if w.Code != http.StatusOK {
		return []int{w.Code}
	}
	var results []api.PlayResult
	read(t, w, &results)
	for _, r := range results {
		list = append(list, r.Status)
	}
	return list
}

// FuzzLenient: whatever an engine sends, the answer is 204 or 4xx, and never 5xx,
// also for each entry of a list. What is not taken is kept as it came. No text
// that strict JSON carries is lost.
func FuzzLenient(f *testing.F) {
	for _, seed := range []string{
		`{"trackStart": "2025-07-17T14:03:05", "trackArtist": "a", "trackTitle": "c", "trackDuration": 215.5, "logSource": 1}`,
		"{\"track_title\": \"Bj\xf6rk\", \"track_start\": NaN, \"track_num\": \"5/12\",}",
		"\xef\xbb\xbf{\"track_title\": \"a\\194\\169\", \"track_artist\": [\"b\", null]}",
		`{"track_title": "a", "track_start": "1970-01-01 01:00:00", "track_duration": "3:45", "show_id": -1, "showId": "None"}`,
		`[{"track_title": "a"}]`, `[{"track_title": "a"}, {}, 7,]`, `[[{"track_title": "a"}]]`, `{"track_title": {"track_title": "a"}}`, `{"track_title": "a", "track_title": "b"}`, `{}`, `null`, `{"trackTitle": "a"`,
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
	kept := false
	h := httpservertest.New(f, operations, func(_ *httpserver.Config, o *httpserver.Options) {
		o.Log = zerolog.Nop()
		o.Refused = func(context.Context, model.Refusal) { kept = true }
	})
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		recorder.play, kept = nil, false
		r := httpservertest.Request(http.MethodPost, v1+"/playlog", string(body))
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		stored, refused := false, false
		for _, status := range statuses(t, w) {
			switch {
			case status == http.StatusNoContent:
				stored = true
			case status == http.StatusRequestEntityTooLarge:
			case status >= 400 && status < 500:
				refused = len(bytes.TrimSpace(body)) > 0
			default:
				t.Fatalf("answered %d: %s", w.Code, w.Body)
			}
		}
		if taken := recorder.play != nil; taken != stored || kept != refused {
			t.Fatalf("answered %d %s, but taken is %t, and kept %t", w.Code, w.Body, taken, kept)
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
