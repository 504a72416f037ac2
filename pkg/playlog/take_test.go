package playlog

import (
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/repotest"
)

// TestAtOnce_undated: a play without a start that is told again within five
// seconds is the same entry. Another one, or one that is told later, is not.
func TestAtOnce_undated(t *testing.T) {
	t.Parallel()
	db := repotest.Open(t, repotest.KindSQLite)
	taker := NewAtOnce(db)
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	tell := func(at time.Duration, title string, duration time.Duration, undated bool) {
		t.Helper()
		e := model.Entry{LogSource: 1, TrackStart: noon.Add(at), Title: title, Duration: duration, ReceivedAt: noon.Add(at)}
		if _, err := taker.Take(t.Context(), &Play{Entry: e, Undated: undated}); err != nil {
			t.Fatal(err)
		}
	}
	tell(0, "a", 0, true)
	tell(3*time.Second, "b", 0, true)
	tell(5*time.Second, "a", time.Minute, true) // the same, with a duration
	tell(6*time.Second, "b", 0, false)          // it has a start
	tell(9*time.Second, "a", 0, true)           // more than five seconds after the first
	tell(10*time.Second, "a", 0, true)
	var got []string
	entries, err := db.Entries(t.Context(), model.EntryQuery{Oldest: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		got = append(got, e.TrackStart.Sub(noon).String()+" "+e.Title+" "+e.Duration.String())
	}
	want := []string{"0s a 1m0s", "3s b 0s", "6s b 0s", "9s a 0s"}
	if len(got) != len(want) {
		t.Fatalf("stored %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("stored %q, want %q", got, want)
		}
	}
	if again := entries[3].Told.Again(); len(again) != 1 || !again[0].Equal(noon.Add(10*time.Second)) {
		t.Errorf("told again at %v", again)
	}
}
