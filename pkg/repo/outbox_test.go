package repo_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/status"
)

func recordTitles(records []model.Record) string {
	var all string
	for _, r := range records {
		all += r.Entry.Title
	}
	return all
}

func TestDB_Unsynced(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		store(t, db, entry(2, "c"), entry(0, "a"), entry(1, "b"), entry(3, "d"))
		b := find(t, db, model.EntryQuery{Oldest: true})[1]
		corrected := correct(t, db, b.ID, amend(0, "B"))
		got := unsynced(t, db)
		if recordTitles(got) != "abcd" || len(got[1].Corrections) != 1 || !reflect.DeepEqual(got[1].Corrections[0], corrected) {
			t.Errorf("%+v", got)
		}
		markSynced(t, db, got[:1])
		if got, err := db.Unsynced(t.Context(), 2); err != nil || recordTitles(got) != "bc" {
			t.Errorf("%q, %v", recordTitles(got), err)
		}
	})
}

// park notes that the sync node refused a record.
func park(t *testing.T, db *repo.Node, kind model.Kind, uid model.Fingerprint, reason string) {
	t.Helper()
	if err := db.Park(t.Context(), kind, uid, reason); err != nil {
		t.Fatal(err)
	}
}

func outbox(t *testing.T, db *repo.Node) string {
	t.Helper()
	o, err := db.Outbox(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	oldest := "none"
	if !o.Oldest.IsZero() {
		oldest = fmt.Sprint(o.Oldest.Sub(noon))
	}
	return fmt.Sprintf("%d entries, %d healths, %d parked, oldest %s", o.Entries, o.Healths, o.Parked, oldest)
}

func wantOutbox(t *testing.T, db *repo.Node, want string) {
	t.Helper()
	if got := outbox(t, db); got != want {
		t.Errorf("outbox: %s, want %s", got, want)
	}
}

func TestDB_Park(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		wantOutbox(t, db, "0 entries, 0 healths, 0 parked, oldest none")
		bad, good := entry(0, "bad"), entry(1, "good")
		sick := model.Health{Source: 2, LogTime: noon, Details: "sick"}
		well := model.Health{Source: 2, LogTime: noon.Add(time.Second), Healthy: true}
		store(t, db, bad, good)
		for _, h := range []model.Health{sick, well} {
			if err := db.StoreHealth(t.Context(), h, asSaid); err != nil {
				t.Fatal(err)
			}
		}
		wantOutbox(t, db, "2 entries, 2 healths, 0 parked, oldest 0s")
		began := time.Now()
		park(t, db, model.KindEntry, bad.Fingerprint(), "first words")
		park(t, db, model.KindHealth, sick.UID(), "no such source\n"+strings.Repeat("🎵", model.MaxReason))
		park(t, db, model.KindEntry, bad.Fingerprint(), "last words") // refused a second time
		wantOutbox(t, db, "1 entries, 1 healths, 2 parked, oldest 1s")
		if got := recordTitles(unsynced(t, db)); got != "good" {
			t.Errorf("unsynced are %q", got)
		}
		healths, err := db.UnsyncedHealths(t.Context(), 10)
		if err != nil || len(healths) != 1 || healths[0].UID() != well.UID() {
			t.Errorf("unsynced are %+v, %v", healths, err)
		}
		parked, err := db.Parked(t.Context(), 10)
		if err != nil || len(parked) != 2 {
			t.Fatalf("%+v, %v", parked, err)
		}
		for i := range parked {
			if at := parked[i].At; at.Before(began.Add(-time.Second)) || at.After(time.Now().Add(time.Second)) {
				t.Errorf("parked at %s", at)
			}
			parked[i].At = time.Time{}
		}
		want := []model.Parked{
			{Kind: model.KindEntry, UID: bad.Fingerprint(), Reason: "last words", Source: 1, Time: noon, Title: "bad"},
			{Kind: model.KindHealth, UID: sick.UID(), Reason: "no such source " + strings.Repeat("🎵", model.MaxReason-len("no such source ")), Source: 2, Time: noon},
		}
		if !slices.Equal(parked, want) {
			t.Errorf("parked\n%+v, want\n%+v", parked, want)
		}
		if parked, err := db.Parked(t.Context(), 1); err != nil || len(parked) != 1 || parked[0].Kind != model.KindEntry {
			t.Errorf("%+v, %v", parked, err)
		}

		unpark := func(want int64, uids ...model.Fingerprint) {
			t.Helper()
			if n, err := db.Unpark(t.Context(), uids...); err != nil || n != want {
				t.Errorf("unparked %d, %v, want %d", n, err, want)
			}
		}
		unpark(0, good.Fingerprint())
		unpark(1, bad.Fingerprint(), good.Fingerprint())
		wantOutbox(t, db, "2 entries, 1 healths, 1 parked, oldest 0s")
		unpark(1)
		wantOutbox(t, db, "2 entries, 2 healths, 0 parked, oldest 0s")

		t.Run("AcceptedAfterAll", func(t *testing.T) {
			park(t, db, model.KindEntry, bad.Fingerprint(), "no")
			park(t, db, model.KindEntry, good.Fingerprint(), "no")
			park(t, db, model.KindHealth, sick.UID(), "no")
			park(t, db, model.KindHealth, well.UID(), "no")
			wantOutbox(t, db, "0 entries, 0 healths, 4 parked, oldest none")
			markSynced(t, db, []model.Record{recordOf(bad)})
			absorb(t, db, true, recordOf(good))
			if err := db.MarkHealthsSynced(t.Context(), []model.Fingerprint{sick.UID()}); err != nil {
				t.Fatal(err)
			}
			if err := db.AbsorbHealths(t.Context(), []model.Health{well}, true); err != nil {
				t.Fatal(err)
			}
			wantOutbox(t, db, "0 entries, 0 healths, 0 parked, oldest none")
		})
		t.Run("AcceptedWithMore", func(t *testing.T) {
			late := entry(2, "late")
			store(t, db, late)
			park(t, db, model.KindEntry, late.Fingerprint(), "no")
			late.ShowName = "Morning Show"
			absorb(t, db, true, recordOf(late))
			wantOutbox(t, db, "0 entries, 0 healths, 0 parked, oldest none")
		})
	})
}

func TestDB_AbsorbHealths(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		var healths []model.Health
		for i := range 300 {
			healths = append(healths, model.Health{Source: 1, LogTime: noon.Add(time.Duration(i/2) * time.Second), Details: fmt.Sprint(i)})
		}
		absorbHealths := func(synced bool, healths ...model.Health) {
			t.Helper()
			if err := db.AbsorbHealths(t.Context(), healths, synced); err != nil {
				t.Fatal(err)
			}
		}
		absorbHealths(false, healths...)
		absorbHealths(true, healths[:100]...)
		absorbHealths(false, healths...) // a synced status stays synced
		waiting, err := db.UnsyncedHealths(t.Context(), 1000)
		if err != nil || len(waiting) != 200 || waiting[0].Details != "100" || waiting[199].Details != "299" {
			t.Errorf("%d wait, %v", len(waiting), err)
		}
		if waiting, err := db.UnsyncedHealths(t.Context(), 5); err != nil || len(waiting) != 5 {
			t.Errorf("%d, %v", len(waiting), err)
		}
		uids := make([]model.Fingerprint, len(healths))
		for i := range healths {
			uids[i] = healths[i].UID()
		}
		if err := db.MarkHealthsSynced(t.Context(), uids); err != nil {
			t.Fatal(err)
		}
		wantOutbox(t, db, "0 entries, 0 healths, 0 parked, oldest none")
	})
}

func TestDB_UnsyncedClocks(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		clock := func(source, second int, body string) model.Clock {
			return model.Clock{Source: source, SentAt: noon.Add(time.Duration(second) * time.Second), Body: []byte(`"` + body + `"`)}
		}
		for _, step := range []struct {
			name string
			do   func() error
			want string
		}{
			{"Stored", func() error { return db.StoreClock(t.Context(), clock(1, 1, "b"), status.Later) }, `1"b"`},
			{"Other", func() error { return db.StoreClock(t.Context(), clock(2, 1, "b"), status.Later) }, `1"b" 2"b"`},
			{"Marked", func() error { return db.MarkClocksSynced(t.Context(), []model.Clock{clock(1, 1, "b")}) }, `2"b"`},
			{"Again", func() error { return db.StoreClock(t.Context(), clock(1, 1, "b"), status.Later) }, `2"b"`},
			{"Earlier", func() error { return db.StoreClock(t.Context(), clock(1, 0, "c"), status.Later) }, `2"b"`},
			{"AtOnceLesser", func() error { return db.StoreClock(t.Context(), clock(1, 1, "a"), status.Later) }, `2"b"`},
			{"AtOnceGreater", func() error { return db.StoreClock(t.Context(), clock(1, 1, "b~"), status.Later) }, `1"b~" 2"b"`},
			{"Later", func() error { return db.StoreClock(t.Context(), clock(1, 2, "a"), status.Later) }, `1"a" 2"b"`},
			{"OutdatedMark", func() error { return db.MarkClocksSynced(t.Context(), []model.Clock{clock(1, 1, "b")}) }, `1"a" 2"b"`},
			{"OutdatedAbsorbed", func() error { return db.AbsorbClocks(t.Context(), []model.Clock{clock(1, 1, "x")}, true) }, `1"a" 2"b"`},
			{"Absorbed", func() error {
				return db.AbsorbClocks(t.Context(), []model.Clock{clock(1, 2, "a"), clock(2, 3, "d")}, true)
			}, ``},
			{"AbsorbedUnsynced", func() error {
				return db.AbsorbClocks(t.Context(), []model.Clock{clock(1, 4, "e"), clock(3, 1, "f")}, false)
			}, `1"e" 3"f"`},
		} {
			if err := step.do(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			clocks, err := db.UnsyncedClocks(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range clocks {
				got = append(got, fmt.Sprint(c.Source, string(c.Body)))
			}
			if got := strings.Join(got, " "); got != step.want {
				t.Errorf("%s: %s wait, want %s", step.name, got, step.want)
			}
		}
	})
}
