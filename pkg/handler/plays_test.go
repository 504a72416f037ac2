package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/status"
)

// TestAPI_StorePlaylog_list: each entry of a list is taken as if it came alone.
func TestAPI_StorePlaylog_list(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/playlog", "/playlog/store"} {
		s := newStation(t, at(t, "2020-06-27T18:00:00Z"))
		var results []api.PlayResult
		read(t, s.do(http.StatusOK, http.MethodPost, path, ` [
			{"track_start": "2020-06-27 19:14:00", "track_title": "a", "track_num": "three"},
			{"nothing": "known"}, 7, null,
			{"trackStart": "2020-06-27 19:17:00", "trackTitle": "Bj`+"\xf6"+`rk"},
			{"track_title": "c", "track_duration": NaN}, {"track_title": "d"}, {"track_title": "d"},
		]`), &results)
		var statuses []string
		for _, r := range results {
			statuses = append(statuses, fmt.Sprint(r.Status))
			if isRefused := r.Status != 204; isRefused != (r.Detail != nil) || isRefused != (r.Errors != nil) {
				t.Errorf("result is %+v", r)
			}
		}
		if got := strings.Join(statuses, " "); got != "204 400 400 400 204 204 204 204" {
			t.Errorf("answered %s", got)
		}
		var got []string
		for _, e := range get[[]api.PlaylogEntry](s, "/playlog") {
			words := []string{e.TrackTitle}
			for _, d := range e.Doubts {
				words = append(words, d.Field)
			}
			slices.Sort(words[1:])
			got = append(got, strings.Join(words, " "))
		}
		slices.Sort(got)
		// Each entry has its own doubts. Those without a start have the arrival.
		if want := []string{"Björk track_title", "a track_num", "c track_duration track_start", "d body track_start"}; !slices.Equal(got, want) {
			t.Errorf("stored %q, want %q", got, want)
		}
	}
}

func TestAPI_StorePlaylog_listBounds(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	if w := s.do(http.StatusOK, http.MethodPost, "/playlog", "[]"); strings.TrimSpace(w.Body.String()) != "[]" {
		t.Errorf("answered %s", w.Body)
	}
	list := make([]map[string]string, 1001)
	for i := range list {
		start := time.Date(2020, 6, 27, 19, 14, 0, 0, time.UTC).Add(time.Duration(i) * time.Minute)
		list[i] = map[string]string{"track_start": start.Format(time.DateTime), "track_title": fmt.Sprint(i)}
	}
	body, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.refused(http.StatusBadRequest, http.MethodPost, "/playlog", string(body)); got != "body" {
		t.Errorf("names %q", got)
	}
	if body, err = json.Marshal(list[:1000]); err != nil {
		t.Fatal(err)
	}
	var results []api.PlayResult
	read(t, s.do(http.StatusOK, http.MethodPost, "/playlog", string(body)), &results)
	if w := s.do(http.StatusOK, http.MethodGet, "/playlog?limit=1", ""); len(results) != 1000 || w.Header().Get("X-Total-Count") != "1000" {
		t.Errorf("%d results, stored %s", len(results), w.Header().Get("X-Total-Count"))
	}
	s.refused(http.StatusBadRequest, http.MethodPost, "/playlog", `[{"track_title": "cut off`)
	s.refused(http.StatusBadRequest, http.MethodPut, "/clock", `[{"engine_source": 1}]`)
}

// TestAPI_StorePlaylog_listAway: what can't be stored now is told entry by entry,
// so that nothing is sent twice.
func TestAPI_StorePlaylog_listAway(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	taken := 0
	s.api.Recorder = &failing{Recorder: s.api.Recorder, taken: &taken, until: 2}
	var results []api.PlayResult
	read(t, s.do(http.StatusOK, http.MethodPost, "/playlog", `[{"track_title": "a"}, {"track_title": "b"}, {"track_title": "c"}, {"track_title": "d"}]`), &results)
	got := ""
	for _, r := range results {
		got += fmt.Sprint(r.Status) + " "
	}
	if got != "204 204 503 503 " || taken != 3 {
		t.Errorf("answered %s, tried %d", got, taken)
	}
	if s.refused(http.StatusServiceUnavailable, http.MethodPost, "/playlog", `[{"track_title": "c"}, {"track_title": "d"}]`); taken != 4 {
		t.Errorf("tried %d", taken)
	}
}

// failing is a Recorder whose store goes away.
type failing struct {
	Recorder
	taken *int
	until int
}

func (f *failing) Record(ctx context.Context, p playlog.Play) error {
	if *f.taken++; *f.taken > f.until {
		return model.ErrUnavailable
	}
	return f.Recorder.Record(ctx, p)
}

func (nowhere) StoreEntry(context.Context, model.Entry) error { return nil }

// BenchmarkStorePlaylog measures what a play costs whose body is JSON as the
// contract has it, without network and database: in the server, and of that in
// reading it.
func BenchmarkStorePlaylog(b *testing.B) {
	const body = `{"track_start":"2020-06-27T19:14:00Z","track_artist":"Mazzie Star","track_album":"So Tonight That I Might See","track_title":"Fade Into You",` +
		`"track_num":1,"track_duration":295,"show_name":"Bench","log_source":1}`
	a := decoder(b, "Europe/Vienna", "2020-06-27T19:14:01Z", &bytes.Buffer{})
	a.Recorder, a.Lives = playlog.New(nowhere{}, zerolog.Nop(), time.Now, func() {}), status.NewLives(time.Now)
	b.Run("server", func(b *testing.B) {
		h := httpservertest.New(b, operations{API: a}, func(_ *httpserver.Config, o *httpserver.Options) { o.Log, o.OnMismatch = zerolog.Nop(), nil })
		b.ReportAllocs()
		for b.Loop() {
			if w := httpservertest.Do(h, http.MethodPost, v1+"/playlog", body); w.Code != http.StatusNoContent {
				b.Fatal(w.Body)
			}
		}
	})
	b.Run("reading", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := a.record(b.Context(), []byte(body)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
