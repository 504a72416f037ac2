package record_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/model"
)

// words are texts as they occur in tags, and worse ones.
var words = rapid.OneOf(
	rapid.SampledFrom([]string{"", "Fade Into You", "Größe", "🎵👩‍👩‍👧", "e\u0301", "<b>&amp;\u2028", `"\`, " both ", "\u202eright to left", "\ufeff", "null"}),
	rapid.StringOf(rapid.RuneFrom(nil, unicode.Letter, unicode.Symbol, unicode.Space, unicode.Cf, unicode.Cc)),
	rapid.Just(strings.Repeat("🎵", 300)),
)

var moments = rapid.Custom(func(t *rapid.T) time.Time {
	at := time.UnixMicro(rapid.Int64Range(86_400_000_000, 253_370_764_800_000_000).Draw(t, "µs"))
	return at.In(time.FixedZone("", rapid.IntRange(-12, 14).Draw(t, "zone")*3600))
})

func maybe[T any](t *rapid.T, g *rapid.Generator[T], name string) *T {
	if !rapid.Bool().Draw(t, "has "+name) {
		return nil
	}
	return new(g.Draw(t, name))
}

var changes = rapid.Custom(func(t *rapid.T) model.Changes {
	var c model.Changes
	for _, f := range model.Fields {
		switch to := f.Change(&c).(type) {
		case **time.Time:
			*to = maybe(t, moments, f.Name())
		case **string:
			*to = maybe(t, words, f.Name())
		case **int:
			*to = maybe(t, rapid.IntRange(-1<<31, 1<<31-1), f.Name())
		case **int64:
			*to = maybe(t, rapid.Int64Range(-1, 1<<53), f.Name())
		case **time.Duration:
			*to = maybe(t, lengths, f.Name())
		}
	}
	return c
})

var lengths = rapid.Custom(func(t *rapid.T) time.Duration {
	return time.Duration(rapid.Int64Range(0, 366*86400e3).Draw(t, "ms")) * time.Millisecond
})

// records are normalized, as databases store them.
var records = rapid.Custom(func(t *rapid.T) model.Record {
	known := changes.Draw(t, "entry")
	r := model.Record{Entry: model.Entry{Overlay: model.Overlay{Changes: known}}.Effective()}
	if known.TrackStart == nil {
		r.Entry.TrackStart = moments.Draw(t, "track start")
	}
	r.Entry.LogSource = rapid.IntRange(1, 1<<31-1).Draw(t, "source")
	r.Entry.Manual = rapid.Bool().Draw(t, "manual")
	for range rapid.IntRange(0, 4).Draw(t, "corrections") {
		c := model.Correction{
			Kind:   rapid.SampledFrom([]string{model.CorrectionAmend, model.CorrectionVoid, model.CorrectionRestore, model.CorrectionLog}).Draw(t, "kind"),
			At:     moments.Draw(t, "at"),
			By:     "M. Tester" + words.Draw(t, "by"),
			Reason: words.Draw(t, "reason"),
		}
		if c.Kind == model.CorrectionAmend {
			c.Changes, c.Before = changes.Draw(t, "changes"), changes.Draw(t, "before")
		}
		r.Corrections = append(r.Corrections, c)
	}
	r.Normalize()
	return r
})

// A record that is encoded and decoded again is the same, with the same
// content.
func TestEntry_roundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := records.Draw(t, "record")
		raw, err := json.Marshal(record.NewEntry(r))
		if err != nil {
			t.Fatal(err)
		}
		wire, err := record.Decode[record.Entry](raw)
		if err != nil {
			t.Fatal(err)
		}
		again := wire.Record()
		if again.Content() != r.Content() || again.Entry.Fingerprint() != r.Entry.Fingerprint() {
			t.Fatalf("%s has another content: %+v", raw, again)
		}
		if !reflect.DeepEqual(again.Entry.Effective(), r.Entry.Effective()) {
			t.Fatalf("%s is effectively\n%+v, was\n%+v", raw, again.Entry.Effective(), r.Entry.Effective())
		}
		if len(again.Corrections) != len(r.Corrections) {
			t.Fatalf("%s has %d corrections, want %d", raw, len(again.Corrections), len(r.Corrections))
		}
		for i, c := range again.Corrections {
			was := r.Corrections[i]
			before, _ := json.Marshal(record.NewEntry(again).Corrections[i].Before)
			wasBefore, _ := json.Marshal(record.NewEntry(r).Corrections[i].Before)
			if c.UID() != was.UID() || string(before) != string(wasBefore) {
				t.Fatalf("correction %+v became %+v", was, c)
			}
		}
		if err := again.Validate(); (err == nil) != (r.Validate() == nil) {
			t.Fatalf("%s: %v", raw, err)
		}
	})
}

// The wire form matches the contract.
func TestContract(t *testing.T) {
	t.Parallel()
	doc, err := api.Contract()
	if err != nil {
		t.Fatal(err)
	}
	check := func(t *rapid.T, schema string, wire any) {
		raw, err := json.Marshal(wire)
		if err != nil {
			t.Fatal(err)
		}
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			t.Fatal(err)
		}
		s := doc.Components.Schemas[schema].Value
		if err := s.VisitJSON(value); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		for name := range value.(map[string]any) {
			if s.Properties[name] == nil {
				t.Fatalf("%s has %s, which the contract does not know", raw, name)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		e := record.NewEntry(records.Draw(t, "record"))
		check(t, "SyncRecord", e)
		for _, c := range e.Corrections {
			check(t, "SyncCorrection", c)
		}
		h := model.Health{Source: 1, LogTime: moments.Draw(t, "log time"), Healthy: rapid.Bool().Draw(t, "healthy"), Details: words.Draw(t, "details")}
		check(t, "SyncHealth", record.NewHealth(h))
		h.ReceivedAt, h.Last = h.LogTime, h.Said()
		h.Signs, h.Doubts = model.Sign{Frozen: true}.Text(), model.NewDoubts(model.NewDoubt("log_time", h.Details, "is none"))
		check(t, "SyncHealth", record.NewHealth(h))
		check(t, "SyncClock", record.NewClock(model.Clock{Source: 1, SentAt: h.LogTime, Body: json.RawMessage(`{"a": 1}`), ReceivedAt: h.LogTime, Doubts: h.Doubts}))
	})
}

func TestHealth_roundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := model.Health{Source: 3, LogTime: moments.Draw(t, "log time").UTC(), Healthy: rapid.Bool().Draw(t, "healthy"), Details: words.Draw(t, "details")}
		if rapid.Bool().Draw(t, "more") {
			h.ReceivedAt, h.Last = h.LogTime, h.Said()
			h.Signs = model.Sign{Frozen: true, Moving: []string{".disk"}, LevelSince: h.LogTime}.Text()
			h.Doubts = model.NewDoubts(model.NewDoubt("log_time", h.Details, "is none"))
			h.Normalize()
		}
		raw, err := json.Marshal(record.NewHealth(h))
		if err != nil {
			t.Fatal(err)
		}
		wire, err := record.Decode[record.Health](raw)
		if got := wire.Health(); err != nil || got.Content() != h.Content() {
			t.Fatalf("%s became %+v, %v", raw, got, err)
		}
	})
}

func TestDecode(t *testing.T) {
	t.Parallel()
	// A newer node may send more fields.
	wire, err := record.Decode[record.Entry]([]byte(`{"log_source": 1, "track_start": "2020-06-27T19:14:00+02:00", "mood": ["blue"],
		"corrections": [{"kind": "void", "at": "2020-06-27T18:00:00Z", "by": "x", "signature": {}}]}`))
	if r := wire.Record(); err != nil || !r.Entry.Overlay.Void || !r.Entry.TrackStart.Equal(time.Date(2020, 6, 27, 17, 14, 0, 0, time.UTC)) {
		t.Errorf("got %+v, %v", r, err)
	}
	for _, raw := range []string{`{"log_source": "1"}`, `{"track_start": "2020-06-27 19:14:00"}`, `{"duration_ms": 1.5}`, `{"corrections": 1}`, `[]`, `{`} {
		if _, err := record.Decode[record.Entry]([]byte(raw)); err == nil || !strings.HasPrefix(err.Error(), "invalid: record: must have the form") {
			t.Errorf("%s: %v", raw, err)
		}
	}
	huge, err := record.Decode[record.Entry]([]byte(`{"log_source": 1, "track_start": "2020-06-27T19:14:00Z", "duration_ms": -9223372036854775808}`))
	if r := huge.Record(); err != nil || r.Validate() == nil {
		t.Errorf("a duration that no entry can have is taken: %+v, %v", r.Entry.Duration, err)
	}
}

// TestEntry_Size: an entry with all corrections that it may have fits into one
// request between nodes, however long its texts are.
func TestEntry_Size(t *testing.T) {
	t.Parallel()
	long := func(limit int) string { return strings.Repeat("<", limit) } // \u003c, as long as any
	at := time.Date(9998, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	text := long(model.MaxText)
	e := model.Entry{LogSource: -1 << 31, Manual: true}
	var changes model.Changes
	for _, f := range model.Fields {
		switch to := f.Change(&changes).(type) {
		case **time.Time:
			*to = &at
		case **string:
			*to = &text
		case **int:
			*to = new(-1 << 31)
		case **int64:
			*to = new(int64(-1 << 63))
		case **time.Duration:
			*to = new(time.Duration(-1 << 63))
		}
	}
	e.Overlay.Changes = changes
	r := model.Record{Entry: e.Effective()}
	for range model.MaxCorrections {
		r.Corrections = append(r.Corrections, model.Correction{
			Kind: model.CorrectionRestore, At: at, By: text, Reason: long(model.MaxReason), Changes: changes, Before: changes,
		})
	}
	data, err := json.Marshal(record.NewEntry(r))
	if err != nil {
		t.Fatal(err)
	}
	if limit := 1<<20 - 1024; len(data) >= limit {
		t.Errorf("%d bytes, more than the %d of a request", len(data), limit)
	}
}

// TestPurge: a purge that travels is the same one, with the same sums.
func TestPurge(t *testing.T) {
	t.Parallel()
	p := model.Purge{
		Before: time.Date(2016, 1, 1, 0, 0, 0, 1000, time.UTC), Source: 2, At: time.Date(2026, 3, 1, 9, 0, 0, 123456000, time.UTC), By: "Björk 🎧", Reason: "<old>", Done: true, Seal: model.Fingerprint{1, 2},
		Gone: []model.Gone{{Source: 2, Month: "2015-12", Entries: 7, Length: 123456789 * time.Millisecond}, {Source: 2, Month: "2015-11", Entries: 1, Length: time.Millisecond}},
	}
	raw, err := json.Marshal(record.NewPurge(p))
	if err != nil {
		t.Fatal(err)
	}
	var wire record.Purge
	if err := json.Unmarshal(raw, &wire); err != nil {
		t.Fatal(err)
	}
	if again := wire.Purge(); again.UID() != p.UID() || !reflect.DeepEqual(again, p) {
		t.Errorf("%s is read as %+v", raw, again)
	}
	wire.Gone[0].Seconds = 1e300
	if again := wire.Purge(); again.Gone[0].Length < 0 {
		t.Errorf("too much is read as %v", again.Gone[0].Length)
	}
}
