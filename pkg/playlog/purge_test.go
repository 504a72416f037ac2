package playlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/stationtime"
)

// purgedBefore2021 is a decision about every source.
func purgedBefore2021() model.Purge {
	return model.Purge{
		Before: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC), At: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), By: "alice", Reason: "kept for five years",
	}
}

// TestRecorder_Purged: what an engine plays now by a clock that shows a purged time
// keeps its arrival as start, and a doubt. What a node or a person sends of that time
// is refused.
func TestRecorder_Purged(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			ctx, db := t.Context(), repotest.Open(t, kind)
			purge := purgedBefore2021()
			if err := db.DecidePurge(ctx, purge); err != nil {
				t.Fatal(err)
			}
			recorder := New(db, zerolog.Nop(), time.Now, func() {})
			told, arrival := purge.Before.Add(-time.Hour), time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
			record := func(start, arrival time.Time) error {
				return recorder.Record(ctx, Play{Entry: model.Entry{LogSource: 1, TrackStart: start, Title: "a", ReceivedAt: arrival}})
			}
			for _, at := range []time.Time{arrival, arrival.Add(3 * time.Second)} { // its answer was lost
				if err := record(told, at); err != nil {
					t.Fatal(err)
				}
			}
			if err := record(purge.Before, arrival); err != nil {
				t.Errorf("at the bound: %v", err)
			}
			entries, err := db.Entries(ctx, model.EntryQuery{Oldest: true})
			if err != nil || len(entries) != 2 {
				t.Fatalf("stored are %+v, %v", entries, err)
			}
			doubts := entries[1].Doubts.List()
			if !entries[0].TrackStart.Equal(purge.Before) || !entries[1].TrackStart.Equal(arrival) ||
				len(doubts) != 1 || doubts[0].Field != "track_start" || doubts[0].Sent != "2020-12-31T23:00:00Z" {
				t.Errorf("stored are %+v", entries)
			}
			undated := func() error {
				at := told.Add(time.Minute)
				return recorder.Record(ctx, Play{Entry: model.Entry{LogSource: 1, TrackStart: at, Title: "d", ReceivedAt: at}, Undated: true})
			}
			missed := func() error {
				_, _, err := recorder.LogMissed(ctx, Play{Entry: model.Entry{LogSource: 1, TrackStart: told, Title: "b"}}, model.Correction{By: "bob", Reason: "x"})
				return err
			}
			for name, err := range map[string]error{"of another node": record(told, time.Time{}), "kept for long": record(told, told.Add(time.Minute)), "undated": undated(), "missed": missed()} {
				if invalid, ok := errors.AsType[*model.InvalidError](err); !ok || invalid.Fields[0].Field != "track_start" || !strings.Contains(err.Error(), "purged on 2026-03-01 by alice: kept for five years") {
					t.Errorf("%s: %v", name, err)
				}
			}
			records := []model.Record{{Entry: model.Entry{LogSource: 1, TrackStart: told, Title: "c"}}, {Entry: model.Entry{LogSource: 1, TrackStart: purge.Before, Title: "c"}}}
			receipts, err := recorder.Receive(ctx, records, false)
			if err != nil || receipts[0].Refused == nil || receipts[1].Refused != nil {
				t.Errorf("received: %+v, %v", receipts, err)
			}
			if receipts, err = recorder.Receive(ctx, records[:1], false); err != nil || receipts[0].Refused == nil {
				t.Errorf("received: %+v, %v", receipts, err)
			}
		})
	}
}

// TestPurge_Once: what is gone is deleted batch by batch, and the log tells before and
// afterwards. The next time there is nothing to do.
func TestPurge_Once(t *testing.T) {
	t.Parallel()
	ctx, db := t.Context(), repotest.Open(t, repotest.KindSQLite)
	purge := purgedBefore2021()
	vienna, err := stationtime.Load("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	const old = 2*purgeBatch + 1
	for i := range old + 5 {
		e := model.Entry{LogSource: 1 + i%2, TrackStart: purge.Before.Add(time.Duration(i-old) * time.Minute), Title: "a", Duration: time.Second}
		if err := db.StoreEntry(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.DecidePurge(ctx, purge); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	changes := 0
	p := NewPurge(db, vienna, func() { changes++ }, zerolog.New(&log))
	for range 2 {
		if err := p.Once(ctx); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], fmt.Sprintf(`"warn","entries":%d`, old)) || !strings.Contains(lines[0], "kept for five years") || !strings.Contains(lines[1], fmt.Sprintf(`"entries":%d`, old)) {
		t.Errorf("the log says %s", log.String())
	}
	if n, err := db.CountEntries(ctx, model.EntryQuery{}); err != nil || n != 5 || changes < 3 {
		t.Errorf("left are %d, %v; told of %d changes", n, err, changes)
	}
	known, err := db.Purges(ctx)
	if err != nil || !known[0].Done {
		t.Fatal(known, err)
	}
	// The last hour is of the next year in Vienna.
	want := map[string]int64{"2020-12": old - 60, "2021-01": 60}
	for _, g := range known[0].Gone {
		want[g.Month] -= g.Entries
	}
	if len(known[0].Gone) != 4 || want["2020-12"] != 0 || want["2021-01"] != 0 || model.Total(known[0].Gone).Length != old*time.Second {
		t.Errorf("gone are %+v", known[0].Gone)
	}
}

// purgedFake notes when it was looked for purges.
type purgedFake struct {
	Purged
	looks []time.Time
	err   error
}

func (f *purgedFake) Purges(context.Context) (model.Purges, error) {
	f.looks = append(f.looks, time.Now())
	return nil, f.err
}

// TestPurge_Run looks at once, every minute, and when it is woken, also after a
// failure.
func TestPurge_Run(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &purgedFake{err: model.ErrUnavailable}
		zone, err := stationtime.Load("UTC")
		if err != nil {
			t.Fatal(err)
		}
		p := NewPurge(store, zone, func() {}, zerolog.Nop())
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		began := time.Now()
		go func() { ended <- p.Run(ctx) }()
		time.Sleep(lookEvery + 10*time.Second)
		p.Wake()
		p.Wake()
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		var after []time.Duration
		for _, at := range store.looks {
			after = append(after, at.Sub(began))
		}
		if len(after) < 3 || after[0] != 0 || after[1] != lookEvery || after[2] != lookEvery+10*time.Second {
			t.Errorf("looked after %v", after)
		}
	})
}
