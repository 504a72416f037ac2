package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/stationtime"
)

const syncPath = "/sync/records"

// batch makes a body of values that have a wire form.
func batch(t testing.TB, members map[string]any) string {
	t.Helper()
	b, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// send stores a batch.
func (s *station) send(members map[string]any) (r api.SyncResults) {
	s.t.Helper()
	read(s.t, s.do(http.StatusOK, http.MethodPost, syncPath, batch(s.t, members)), &r)
	return r
}

// played is a record of source 1, that many minutes after noon.
func played(minute int, title string) record.Entry {
	return record.NewEntry(model.Record{Entry: model.Entry{LogSource: 1, TrackStart: time.Date(2020, 6, 27, 12, minute, 0, 0, time.UTC), Title: title}})
}

func content(w record.Entry) string {
	r := w.Record()
	return r.Content().Base.String()
}

func TestAPI_StoreSyncRecords(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		for name, s := range map[string]*station{"engine-api": newStation(t), "sync-node": newSyncNode(t)} {
			a, b := played(0, "a"), played(1, "b")
			b.Corrections = []record.Correction{{Kind: model.CorrectionVoid, At: b.TrackStart, By: "M. Tester"}}
			for range 2 { // storing again changes nothing
				r := s.send(map[string]any{"records": []any{a, b, a}})
				want := []api.SyncResult{{Content: content(a)}, {Content: content(b)}, {Content: content(a)}}
				if !slices.Equal(r.Records, want) || len(r.Healths)+len(r.Clocks) != 0 {
					t.Errorf("%s: answered %+v, want %+v", name, r, want)
				}
			}
			if got := titlesOf(get[[]api.Track](s, "/trackservice")); got != "a" {
				t.Errorf("%s: the track service shows %q, want what is not void", name, got)
			}
			// What was stored is what was sent.
			for kind, want := range map[string]string{"": content(b), "&from=2020-06-27T12:00:00Z&to=2020-06-27T12:01:00Z": content(a)} {
				page := get[api.SyncPage](s, syncPath+"?source=1"+kind)
				if n := len(page.Records); n == 0 || content(page.Records[n-1]) != want {
					t.Errorf("%s: %q holds %+v", name, kind, page.Records)
				}
			}
		}
	})

	// A node of the first edition is not answered what it can't keep.
	t.Run("Older", func(t *testing.T) {
		t.Parallel()
		s := newSyncNode(t)
		here, there := played(0, "a"), played(0, "a")
		there.DurationMS, here.DurationMS = 60_000, 40_000
		here.ReceivedAt, here.MediaID = new(stationtime.UTC(here.TrackStart.Add(time.Second))), 7
		s.send(map[string]any{"records": []any{here}, "edition": model.ThisEdition})
		if r := s.send(map[string]any{"records": []any{there}}).Records[0]; r.Merged != nil || r.Content == "" {
			t.Errorf("answered %+v to an older node", r)
		}
		if r := s.send(map[string]any{"records": []any{there}, "edition": model.ThisEdition}).Records[0]; r.Merged == nil || r.Merged.MediaID != 7 {
			t.Errorf("answered %+v to a node of this version", r)
		}
		here.ShowName = "Nachtlicht"
		s.send(map[string]any{"records": []any{here}})
		if r := s.send(map[string]any{"records": []any{there}}).Records[0]; r.Merged == nil || r.Merged.ShowName != "Nachtlicht" {
			t.Errorf("answered %+v, though the node lacks the show", r)
		}
	})

	t.Run("Merged", func(t *testing.T) {
		t.Parallel()
		s := newSyncNode(t)
		here, there := played(0, "a"), played(0, "a")
		here.DurationMS, there.ShowName = 1000, "Nachtlicht"
		s.send(map[string]any{"records": []any{here}})
		r := s.send(map[string]any{"records": []any{there}}).Records[0]
		want := there
		want.DurationMS = 1000
		if r.Merged == nil || content(*r.Merged) != content(want) || r.Content != content(want) {
			t.Errorf("answered %+v, want the whole record", r)
		}
		if r = s.send(map[string]any{"records": []any{want}}).Records[0]; r.Merged != nil {
			t.Errorf("answered %+v, though the sender knows all", r)
		}
	})

	t.Run("RefusedAlone", func(t *testing.T) {
		t.Parallel()
		s := newSyncNode(t)
		bad := map[string]string{
			`{}`:                                    "track_start",
			`{"log_source": "1"}`:                   "log_source",
			`{"log_source": 1, "track_start": "x"}`: "record",
			`{"log_source": 0, "track_start": "2020-06-27T12:00:00Z"}`:                                                                                  "log_source",
			`{"log_source": 1, "track_start": "0001-06-27T12:00:00Z"}`:                                                                                  "track_start",
			`{"log_source": 1, "track_start": "2020-06-27T12:00:00Z", "duration_ms": -1}`:                                                               "track_duration",
			`{"log_source": 1, "track_start": "2020-06-27T12:00:00Z", "duration_ms": 9223372036854775807}`:                                              "track_duration",
			`{"log_source": 1, "track_start": "2020-06-27T12:00:00Z", "track_num": 4294967296}`:                                                         "track_num",
			`{"log_source": 1, "track_start": "2020-06-27T12:00:00Z", "corrections": {}}`:                                                               "corrections",
			`{"log_source": 1, "track_start": "2020-06-27T12:00:00Z", "corrections": [{}]}`:                                                             "corrections.kind",
			`{"log_source": 1, "track_start": "2020-06-27T12:00:00Z", "corrections": [{"kind": "void", "at": "0001-01-01T00:00:00Z", "by": "x"}]}`:      "corrections.at",
			`{"log_source": 1, "track_start": "2020-06-27T12:00:00Z", "corrections": [{"kind": "void", "at": "2020-06-27T12:00:00Z", "by": "\u0000"}]}`: "corrections.by",
		}
		var list []json.RawMessage
		var want []string
		good, _ := json.Marshal(played(0, "good"))
		for raw, field := range bad {
			list = append(list, json.RawMessage(raw), good)
			want = append(want, field, "")
		}
		r := s.send(map[string]any{"records": list})
		for i, got := range r.Records {
			if want[i] == "" {
				if got.Refused != "" || got.Content != content(played(0, "good")) {
					t.Errorf("the good one after %s is answered %+v", list[i-1], got)
				}
				continue
			}
			if !strings.Contains(got.Refused, want[i]) || got.Content != "" {
				t.Errorf("%s is answered %+v, want words about %s", list[i], got, want[i])
			}
		}
		if n := len(get[api.SyncPage](s, syncPath+"?source=1").Records); n != 1 {
			t.Errorf("%d records are stored, want 1", n)
		}
	})

	t.Run("HealthsAndClocks", func(t *testing.T) {
		t.Parallel()
		s := newSyncNode(t)
		noon := stationtime.UTC(time.Date(2020, 6, 27, 12, 0, 0, 0, time.UTC))
		h := record.Health{Source: 2, LogTime: noon, Healthy: true, Details: `{"disk": "ü🎵"}`}
		c := record.Clock{Source: 2, SentAt: noon, Body: json.RawMessage(`{"engine_source": 2, "a": 1.50}`)}
		deep := json.RawMessage(`{"a":` + strings.Repeat("[", 98) + strings.Repeat("]", 98) + `}`) // as deep as PUT /clock takes
		s.do(http.StatusNoContent, http.MethodPut, "/clock", `{"engine_source":4,"a":`+string(deep[5:]))
		r := s.send(map[string]any{
			"healths": []any{h, map[string]any{}, record.Health{Source: 2, LogTime: noon, Details: "\x00"},
				record.Health{Source: 2, LogTime: noon, Details: strings.Repeat("x", model.MaxDetails+1)}, h},
			"clocks": []any{c, map[string]any{"source": 2, "sent_at": noon, "body": 5}, record.Clock{SentAt: noon, Body: c.Body},
				record.Clock{Source: 3, SentAt: noon, Body: deep}},
		})
		judged := func(list []api.SyncResult) (s string) {
			for _, r := range list {
				if r.Refused != "" {
					s += strings.Split(r.Refused, ":")[1]
				}
				s += ","
			}
			return s
		}
		if got, want := judged(r.Healths), ", source, details, details,,"; got != want {
			t.Errorf("healths are judged %q, want %q: %+v", got, want, r.Healths)
		}
		if got, want := judged(r.Clocks), ", body, source,,"; got != want {
			t.Errorf("clocks are judged %q, want %q: %+v", got, want, r.Clocks)
		}
		if got := get[api.Health](s, "/source/health/2?limit=9"); len(*got.History) != 1 || got.Details != h.Details {
			t.Errorf("health is %+v", got)
		}
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/2", "")
		if body := s.do(http.StatusOK, http.MethodGet, "/clock", "").Body.String(); !strings.Contains(body, `"a":1.50`) || !strings.Contains(body, `"engine_source":2`) {
			t.Errorf("clock is %s", body)
		}
		if page := get[api.SyncPage](s, syncPath+"?source=2&kind=healths"); len(page.Healths) != 1 || page.Healths[0].Health() != h.Health() {
			t.Errorf("healths are %+v", page)
		}
	})

	t.Run("Acknowledged", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		s.play("2020-06-27 12:00:00", "a")
		s.do(http.StatusNoContent, http.MethodPut, "/source/health/1", `{"is_healthy": true}`)
		a := get[api.SyncPage](s, syncPath+"?source=1").Records[0].Record()
		h := get[api.SyncPage](s, syncPath+"?source=1&kind=healths").Healths[0].Health()
		waits := func(want int64) {
			t.Helper()
			if o := get[api.SyncState](s, "/sync/state").Outbox; o.Entries != want || o.Healths != want {
				t.Errorf("%+v waits, want %d of each", o, want)
			}
		}
		waits(1)
		ack := func(base model.Fingerprint, supplement string) map[string]any {
			return map[string]any{"acknowledged": []any{map[string]any{
				"fingerprint": a.Entry.Fingerprint().String(), "content": base.String(), "supplement": supplement,
			}}}
		}
		had := a.Content()
		if had.Supplement == (model.Fingerprint{}) {
			t.Error("its arrival is not known")
		}
		s.send(ack(model.Fingerprint{1}, had.Supplement.String())) // of content that the record no longer had
		s.send(ack(had.Base, model.Fingerprint{}.String()))
		waits(1)
		members := ack(had.Base, had.Supplement.String())
		members["acknowledged_healths"] = []any{h.UID().String()}
		s.send(members)
		waits(0)
		s.play("2020-06-27 12:00:30", "older")
		older := get[api.SyncPage](s, syncPath+"?source=1&from=2020-06-27T10:00:20Z").Records[0].Record()
		content := older.Content()
		for i, base := range []model.Fingerprint{{1}, content.Base} { // a sync node of the first edition knows no supplements
			s.send(map[string]any{"acknowledged": []any{map[string]any{"fingerprint": older.Entry.Fingerprint().String(), "content": base.String()}}})
			if o := get[api.SyncState](s, "/sync/state").Outbox; o.Entries != int64(1-i) {
				t.Errorf("%d wait after an acknowledgement of %s", o.Entries, base)
			}
		}
		s.play("2020-06-27 12:01:00", "b")
		s.send(map[string]any{"records": []any{played(60, "c")}, "synced": true})
		if o := get[api.SyncState](s, "/sync/state").Outbox; o.Entries != 1 {
			t.Errorf("%d wait, want 1: the sync node has what it sent itself", o.Entries)
		}
	})

	// A batch is refused as a whole if something in it is not a record.
	t.Run("Invalid", func(t *testing.T) {
		t.Parallel()
		s := newSyncNode(t)
		for body, want := range map[string]string{
			``:                               "body",
			`[]`:                             "body",
			`{"records": 1, "healths": "x"}`: "healths records",
			`{"records": [[]]}`:              "records.0",
			`{"clocks": ` + strings.ReplaceAll(fmt.Sprint(make([]int, 101)), " ", ",") + `}`: "clocks",
			`{"acknowledged": [{"fingerprint": "zz", "content": ""}]}`:                       "acknowledged.0.content acknowledged.0.fingerprint",
			`{"acknowledged_healths": ["` + strings.Repeat("A", 32) + `"]}`:                  "acknowledged_healths.0",
		} {
			got := s.refused(http.StatusBadRequest, http.MethodPost, syncPath, body)
			if strings.HasPrefix(want, "clocks") {
				got, _, _ = strings.Cut(got, " ")
			}
			if got != want {
				t.Errorf("%.60s names %q, want %q", body, got, want)
			}
		}
	})

	t.Run("Unavailable", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, func(a *API) { a.Sync = away{} })
		s.api.Recorder = away{}
		for _, members := range []map[string]any{
			{"records": []any{played(0, "a")}}, {"healths": []any{record.Health{Source: 1, LogTime: stationtime.UTC(time.Now())}}},
			{"clocks": []any{record.Clock{Source: 1, SentAt: stationtime.UTC(time.Now()), Body: json.RawMessage(`{}`)}}},
			{"acknowledged": []any{map[string]any{"fingerprint": strings.Repeat("0", 32), "content": strings.Repeat("0", 32)}}},
			{"acknowledged_healths": []string{strings.Repeat("0", 32)}},
		} {
			s.refused(http.StatusServiceUnavailable, http.MethodPost, syncPath, batch(t, members))
		}
		for _, path := range []string{"/sync/activations", "/sync/digests?source=1", syncPath + "?source=1", syncPath + "?source=1&kind=healths"} {
			s.refused(http.StatusServiceUnavailable, http.MethodGet, path, "")
		}
	})

	t.Run("RefusedByTheDatabase", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		s.api.Recorder = refusing{}
		r := s.send(map[string]any{"records": []any{played(0, "a")}}).Records[0]
		if !strings.Contains(r.Refused, "the receiver's log says why") || strings.Contains(r.Refused, "table") {
			t.Errorf("answered %q, what a database says is not for others", r.Refused)
		}
	})
}

// away is a database that can't be reached.
type away struct{ Recorder }

func (away) Receive(context.Context, []model.Record, bool) ([]playlog.Receipt, error) {
	return nil, model.ErrUnavailable
}

func (away) ActivationsAfter(context.Context, int64, int) ([]model.Activation, error) {
	return nil, model.ErrUnavailable
}

func (away) Digests(context.Context, model.DigestQuery) ([]model.Digest, error) {
	return nil, model.ErrUnavailable
}

func (away) Records(context.Context, model.RecordQuery) ([]model.Record, *model.Position, error) {
	return nil, nil, model.ErrUnavailable
}

func (away) HealthRecords(context.Context, model.RecordQuery) ([]model.Health, *model.Position, error) {
	return nil, nil, model.ErrUnavailable
}

func (away) AbsorbHealths(context.Context, []model.Health, bool) error { return model.ErrUnavailable }

func (away) AbsorbClocks(context.Context, []model.Clock, bool) error { return model.ErrUnavailable }

func (away) MarkSynced(context.Context, []model.Ack) error { return model.ErrUnavailable }

func (away) MarkHealthsSynced(context.Context, []model.Fingerprint) error {
	return model.ErrUnavailable
}

// refusing is a database that has no place for any record.
type refusing struct{ Recorder }

func (refusing) Receive(_ context.Context, records []model.Record, _ bool) ([]playlog.Receipt, error) {
	return []playlog.Receipt{{Refused: errors.New("no such table: playlog")}}, nil
}

func TestAPI_ListSyncRecords(t *testing.T) {
	t.Parallel()
	s := newSyncNode(t)
	const n = 25
	var records, healths []any
	for i := range n {
		records = append(records, played(i/3, string(rune('a'+i)))) // several at one time
		healths = append(healths, record.Health{Source: 1, LogTime: stationtime.UTC(time.Date(2020, 6, 27, 12, i/3, 0, 0, time.UTC)), Details: string(rune('a' + i))})
	}
	s.send(map[string]any{"records": records, "healths": healths})
	for _, kind := range []string{"entries", "healths"} {
		for _, limit := range []int{1, 7, n, 1000} {
			var got, after string
			for pages := 0; ; pages++ {
				page := get[api.SyncPage](s, fmt.Sprintf("%s?source=1&kind=%s&limit=%d&after=%s", syncPath, kind, limit, after))
				for _, r := range page.Records {
					got += r.Title
				}
				for _, h := range page.Healths {
					got += h.Details
				}
				if after = page.Next; after == "" {
					break
				}
				if pages > n {
					t.Fatalf("%s: no end", kind)
				}
			}
			if got != "abcdefghijklmnopqrstuvwxy" {
				t.Errorf("%s by %d: got %s", kind, limit, got)
			}
		}
	}
	for query, want := range map[string]int{
		"from=2020-06-27T12:01:00Z":                         n - 3,
		"to=2020-06-27T12:01:00Z":                           3,
		"from=2020-06-27T14:01:00%2B02:00":                  n - 3,
		"from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z": n,
		"from=2020-06-27T12:02:00Z&to=2020-06-27T12:01:00Z": 0,
		"source=2": 0,
	} {
		if !strings.Contains(query, "source") {
			query += "&source=1"
		}
		if got := len(get[api.SyncPage](s, syncPath+"?"+query).Records); got != want {
			t.Errorf("%s: %d records, want %d", query, got, want)
		}
	}
	for query, want := range map[string]string{
		"":                                   "source (query)",
		"source=0":                           "source (query)",
		"source=2147483648":                  "source (query)",
		"source=1&limit=0":                   "limit (query)",
		"source=1&limit=1001":                "limit (query)",
		"source=1&kind=songs":                "kind (query)",
		"source=1&after=1-1-1":               "after",
		"source=1&after=-5-0":                "after",
		"source=1&from=yesterday":            "from (query)",
		"source=1&to=2020-06-27T12:00":       "to (query)",
		"source=1&from=2020-02-30T00:00:00Z": "from (query)",
	} {
		if got := s.refused(http.StatusBadRequest, http.MethodGet, syncPath+"?"+query, ""); got != want {
			t.Errorf("%s names %q, want %q", query, got, want)
		}
	}
}

// Details may be long, so a page of health statuses is short.
func TestAPI_ListSyncRecords_healths(t *testing.T) {
	t.Parallel()
	s := newSyncNode(t)
	var healths []any
	for i := range maxHealths + 1 {
		healths = append(healths, record.Health{Source: 1, LogTime: stationtime.UTC(time.Date(2020, 6, 27, 12, 0, i, 0, time.UTC))})
	}
	s.send(map[string]any{"healths": healths})
	first := get[api.SyncPage](s, syncPath+"?source=1&kind=healths&limit=1000")
	second := get[api.SyncPage](s, syncPath+"?source=1&kind=healths&limit=1000&after="+first.Next)
	if len(first.Healths) != maxHealths || len(second.Healths) != 1 || second.Next != "" {
		t.Errorf("pages of %d and %d, then %q", len(first.Healths), len(second.Healths), second.Next)
	}
}

func TestAPI_ListDigests(t *testing.T) {
	t.Parallel()
	a, b := newSyncNode(t), newStation(t)
	var records []any
	for _, start := range []string{"2020-06-27T12:00:00Z", "2020-06-27T12:59:59.999999Z", "2020-06-27T13:00:00Z", "2020-06-30T22:30:00Z", "2020-07-01T00:00:00Z"} {
		r := played(0, start)
		r.TrackStart = stationtime.UTC(moment(t, start))
		records = append(records, r)
	}
	slices.Reverse(records)
	a.send(map[string]any{"records": records})
	slices.Reverse(records)
	b.send(map[string]any{"records": records})
	count := func(digests []api.Digest) (s string) {
		for _, d := range digests {
			s += fmt.Sprintf("%s %d, ", d.From.Format(time.RFC3339), d.Count)
		}
		return s
	}
	for query, want := range map[string]string{
		"":          "2020-06-01T00:00:00Z 4, 2020-07-01T00:00:00Z 1, ",
		"&span=day": "2020-06-27T00:00:00Z 3, 2020-06-30T00:00:00Z 1, 2020-07-01T00:00:00Z 1, ",
		"&span=hour&from=2020-06-27T12:00:00Z&to=2020-06-28T00:00:00Z": "2020-06-27T12:00:00Z 2, 2020-06-27T13:00:00Z 1, ",
		"&kind=healths": "",
	} {
		got, other := get[[]api.Digest](a, "/sync/digests?source=1"+query), get[[]api.Digest](b, "/sync/digests?source=1"+query)
		if count(got) != want || !slices.Equal(got, other) {
			t.Errorf("%s: got %v and %v, want %s", query, got, other, want)
		}
	}
	differs := played(0, "2020-06-27T12:00:00Z")
	differs.ShowID = 3
	b.send(map[string]any{"records": []any{differs}})
	got, other := get[[]api.Digest](a, "/sync/digests?source=1"), get[[]api.Digest](b, "/sync/digests?source=1")
	if got[0].Sum == other[0].Sum || got[0].Count != other[0].Count || got[1] != other[1] {
		t.Errorf("one has more detail: %v and %v", got, other)
	}
	for query, want := range map[string]string{
		"": "source (query)", "?source=x": "source (query)", "?source=1&span=year": "span (query)", "?source=1&kind=x": "kind (query)",
		"?source=1&from=2020&to=-": "from (query) to (query)",
	} {
		if got := a.refused(http.StatusBadRequest, http.MethodGet, "/sync/digests"+query, ""); got != want {
			t.Errorf("%s names %q, want %q", query, got, want)
		}
	}
}

func TestAPI_RunReconcile(t *testing.T) {
	t.Parallel()
	runs := 0
	s := newSyncNode(t)
	s.own.Reconcile = func() { runs++ }
	if w := s.do(http.StatusAccepted, http.MethodPost, "/sync/run", ""); runs != 1 || w.Body.Len() > 0 {
		t.Errorf("%d runs, %s", runs, w.Body)
	}
}

// No new operation fails, whatever input comes.
func FuzzSync(f *testing.F) {
	for _, s := range []string{`{"records":[{"log_source":1,"track_start":"2020-06-27T12:00:00Z","corrections":[{"kind":"amend","at":"2020-06-27T12:00:00Z","by":"x","changes":{"duration":-9223372036854775808,"track_start":"0001-01-01T00:00:00Z"}}]}]}`,
		`{"healths":[{"source":1,"log_time":"9999-12-31T23:59:59Z","details":"\ud800"}],"clocks":[{"source":1,"sent_at":"2020-06-27T12:00:00+23:59","body":{"":null}}]}`,
		`{"holder":"x","seconds":1e308}`, `{"records":[{"track_start":"2020-06-27T12:00:00.9999999999Z","log_source":1e0}],"records":[]}`,
		`source=1&after=1-1`, `source=1&kind=healths&limit=5&from=2020-06-27T12:00:00.000000001Z`, `holder=%ff`} {
		f.Add(s)
	}
	s := newSyncNode(f)
	s.api.Log = zerolog.Nop()
	h := httpservertest.New(f, operations{API: s.api, SyncNode: s.own}, func(_ *httpserver.Config, o *httpserver.Options) {
		o.Log, o.Service = zerolog.Nop(), "sync-node"
	})
	f.Fuzz(func(t *testing.T, in string) {
		for _, target := range []string{"POST /sync/records", "PUT /source/lease", "DELETE /source/lease", "GET /source/lease", "GET /sync/digests",
			"GET /sync/records", "GET /sync/state", "POST /sync/run"} {
			method, path, _ := strings.Cut(target, " ")
			r := httpservertest.Request(method, v1+path, in)
			if _, err := url.ParseQuery(in); err == nil {
				r.URL.RawQuery = in
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Fatalf("%s %q: %d %s", target, in, w.Code, w.Body)
			}
		}
	})
}

// nowhere is a store that takes everything and keeps nothing.
type nowhere struct{ playlog.Store }

func (nowhere) Absorb(_ context.Context, records []model.Record, _ bool) ([]model.Absorbed, error) {
	return make([]model.Absorbed, len(records)), nil
}

// Measures the cost of a record in a batch, from the wire to the repository and
// back.
func BenchmarkStoreSyncRecords(b *testing.B) {
	const n = 500
	var list []any
	for i := range n {
		list = append(list, record.NewEntry(model.Record{Entry: model.Entry{
			LogSource: 1, TrackStart: time.Date(2020, 6, 27, 12, 0, i, 123456000, time.UTC), Artist: "The Placeholders", Album: "Nowhere",
			Title: "Fade Into Something Else", TrackNum: 12, Duration: 293 * time.Second, PlaylistID: 1234, TimeslotID: 5678, ShowID: 42, ShowName: "Nachtlicht",
		}}))
	}
	body := batch(b, map[string]any{"records": list})
	h := httpservertest.New(b, operations{API: &API{Recorder: playlog.New(nowhere{}, zerolog.Nop(), time.Now, func() {})}}, func(_ *httpserver.Config, o *httpserver.Options) {
		o.Log, o.OnMismatch = zerolog.Nop(), nil
	})
	for b.Loop() {
		if w := httpservertest.Do(h, http.MethodPost, v1+syncPath, body); w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/record")
}
