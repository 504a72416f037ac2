package repo_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// TestDB_Records reads random ranges page by page: every record of the source
// in the range comes exactly once, in order.
func TestDB_Records(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		r := seeded(t)()
		var records []model.Record
		var healths []model.Health
		for i := range 200 {
			record := recordOf(model.Entry{LogSource: 1 + r.IntN(2), TrackStart: randomMoment(r), TrackNum: i, Manual: r.IntN(5) == 0})
			switch r.IntN(6) {
			case 0:
				record = recordOf(record.Entry, model.Correction{Kind: model.CorrectionVoid, At: noon, By: "alice"})
			case 1:
				record = recordOf(record.Entry, model.Correction{Kind: model.CorrectionAmend, At: noon, By: "alice", Changes: model.Changes{TrackStart: new(randomMoment(r))}})
			}
			records = append(records, record)
			healths = append(healths, model.Health{Source: 1 + r.IntN(2), LogTime: randomMoment(r), Details: fmt.Sprint(i)})
		}
		absorb(t, db, false, records...)
		if err := db.AbsorbHealths(t.Context(), healths, false); err != nil {
			t.Fatal(err)
		}
		t.Run("AfterWhatIsBefore", func(t *testing.T) {
			from := moments[3]
			got, _, err := db.Records(t.Context(), model.RecordQuery{Source: 1, From: from, After: &model.Position{PlayedAt: moments[0]}})
			if err != nil || len(got) == 0 || got[0].Entry.PlayedAt().Before(from) {
				t.Errorf("%v, %v", got, err)
			}
		})
		// In the order in which they were stored, which is the order of their
		// numbers.
		slices.SortStableFunc(records, func(a, b model.Record) int { return a.Entry.PlayedAt().Compare(b.Entry.PlayedAt()) })
		slices.SortStableFunc(healths, func(a, b model.Health) int { return a.LogTime.Compare(b.LogTime) })
		for range 100 {
			q := model.RecordQuery{Source: 1 + r.IntN(3), From: randomBound(r), To: randomBound(r), Limit: r.IntN(30)}
			in := func(source int, at time.Time) bool {
				return source == q.Source && !at.Before(q.From) && (q.To.IsZero() || at.Before(q.To))
			}
			var want, wantHealths []model.Fingerprint
			for _, record := range records {
				if in(record.Entry.LogSource, record.Entry.PlayedAt()) {
					want = append(want, record.Content().Base)
				}
			}
			for _, h := range healths {
				if in(h.Source, h.LogTime) {
					wantHealths = append(wantHealths, h.UID())
				}
			}
			got := eachPage(t, q, func(q model.RecordQuery) (page []model.Fingerprint, next *model.Position, err error) {
				records, next, err := db.Records(t.Context(), q)
				for _, record := range records {
					page = append(page, record.Content().Base)
				}
				return page, next, err
			})
			if !slices.Equal(got, want) {
				t.Fatalf("%+v: %d records %v, want %d %v", q, len(got), got, len(want), want)
			}
			got = eachPage(t, q, func(q model.RecordQuery) (page []model.Fingerprint, next *model.Position, err error) {
				healths, next, err := db.HealthRecords(t.Context(), q)
				for _, h := range healths {
					page = append(page, h.UID())
				}
				return page, next, err
			})
			if !slices.Equal(got, wantHealths) {
				t.Fatalf("%+v: %d healths %v, want %d %v", q, len(got), got, len(wantHealths), wantHealths)
			}
		}
	})
}

func eachPage(t *testing.T, q model.RecordQuery, read func(model.RecordQuery) ([]model.Fingerprint, *model.Position, error)) (all []model.Fingerprint) {
	t.Helper()
	for range 1000 {
		page, next, err := read(q)
		if err != nil || q.Limit > 0 && len(page) > q.Limit {
			t.Fatalf("%+v: %d, %v", q, len(page), err)
		}
		all = append(all, page...)
		if next == nil {
			return all
		}
		q.After = next
	}
	t.Fatalf("%+v: there is no end", q)
	return nil
}
