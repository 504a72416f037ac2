package repo_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/onairtest"
	"aura.radio/engine/pkg/repo"
)

// explains is a database that explains what was heard.
type explains interface {
	HeardEntry(ctx context.Context, id int64) (model.HeardEntry, error)
	Unheard(ctx context.Context, q model.EntryQuery) ([]model.HeardEntry, int, error)
}

// compareHearings fails if what is told of an entry, or of those that were not
// heard, is not what the oracle says. log is what was heard of every source.
func compareHearings(ctx context.Context, t *rapid.T, db explains, said onairtest.Station, log []onair.Segment) {
	t.Helper()
	if len(said.Entries) == 0 {
		return
	}
	heardOf := make(map[int64][]model.Airing)
	for _, s := range log {
		heardOf[s.Entry] = append(heardOf[s.Entry], model.Airing{From: s.From, Until: s.Until, Estimated: s.Estimated})
	}
	numbers := make(map[model.Fingerprint]int64)
	for _, e := range said.Entries {
		numbers[e.Fingerprint()] = e.ID
	}
	whyOf := func(e model.Entry) (why []model.Unheard) {
		for _, w := range said.Why(e.LogSource)[e.Fingerprint()] {
			why = append(why, model.Unheard{Reason: string(w.Reason), By: numbers[w.By]})
		}
		return why
	}

	one := rapid.SampledFrom(said.Entries).Draw(t, "explained")
	got, err := db.HeardEntry(ctx, one.ID)
	if err != nil || got.ID != one.ID || !slices.Equal(got.Heard, heardOf[one.ID]) || !slices.Equal(got.Why, whyOf(one)) {
		t.Fatalf("entry %d was heard %v, %v, want %v, %v; %v", one.ID, got.Heard, got.Why, heardOf[one.ID], whyOf(one), err)
	}

	q := model.EntryQuery{From: anyMinute(t), To: anyMinute(t), Limit: rapid.IntRange(0, 5).Draw(t, "limit"), Offset: rapid.IntRange(0, 3).Draw(t, "offset")}
	if rapid.Bool().Draw(t, "all") {
		q.From, q.To = midnight.AddDate(0, 0, -1), midnight.AddDate(0, 0, 3)
	}
	var want []model.Entry
	for _, e := range said.Entries {
		if len(heardOf[e.ID]) == 0 && !e.PlayedAt().Before(q.From) && !e.PlayedAt().After(q.To) {
			want = append(want, e)
		}
	}
	slices.SortFunc(want, func(a, b model.Entry) int { return cmp.Or(b.PlayedAt().Compare(a.PlayedAt()), cmp.Compare(b.ID, a.ID)) })
	count := len(want)
	if n := len(want); n > 0 && rapid.Bool().Draw(t, "after") {
		after := rapid.IntRange(0, n-1).Draw(t, "position")
		q.After = new(model.PositionOf(want[after]))
		want = want[after+1:]
	} else {
		want = want[min(q.Offset, n):]
	}
	if q.Limit > 0 {
		want = want[:min(q.Limit, len(want))]
	}
	entries, total, err := db.Unheard(ctx, q)
	if err != nil || total != count || len(entries) != len(want) {
		t.Fatalf("%d of %d entries were not heard, want %d of %d; %v", len(entries), total, len(want), count, err)
	}
	for i, e := range want {
		if got := entries[i]; got.ID != e.ID || got.Fingerprint() != e.Fingerprint() || len(got.Heard) > 0 || !slices.Equal(got.Why, whyOf(e)) {
			t.Fatalf("entry %d of those not heard is %d: %v, want %d: %v", i, got.ID, got.Why, e.ID, whyOf(e))
		}
	}
}

// TestStation_HeardEntry: an entry may be heard at its source and not be on air.
func TestStation_HeardEntry(t *testing.T) {
	onEachStation(t, func(t *testing.T, s *repo.Station, _ *sql.DB) {
		onAirStation(t, s)
		minutes := func(times []model.Airing) (text string) {
			for _, a := range times {
				text += fmt.Sprintf("%v-%v ", a.From.Sub(onairtest.At(0)).Minutes(), a.Until.Sub(onairtest.At(0)).Minutes())
			}
			return text
		}
		want := map[string]string{
			"a":       "0-12 on air 0-4 10-12 []",
			"b":       "1-16 on air 4-10 []",
			"void":    "on air [void]",
			"standby": "30-45 on air []",
		}
		for _, e := range find(t, s, model.EntryQuery{Raw: true}) {
			got, err := s.HeardEntry(t.Context(), e.ID)
			if err != nil {
				t.Fatal(err)
			}
			if text := fmt.Sprint(minutes(got.Heard), "on air ", minutes(got.OnAir), got.Why); want[e.Title] != "" && text != want[e.Title] {
				t.Errorf("%s was heard %s, want %s", e.Title, text, want[e.Title])
			}
		}
	})
}
