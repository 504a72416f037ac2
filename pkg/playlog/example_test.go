package playlog_test

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/stationtime"
)

// memory is a store; in a service it is the *repo.Node.
type memory struct {
	playlog.Store // the methods that the example does not need
	entries       map[model.Fingerprint]model.Entry
}

func (m *memory) StoreEntry(_ context.Context, e model.Entry) error {
	m.entries[e.Fingerprint()] = e
	return nil
}

func (m *memory) EntryWith(_ context.Context, id model.Fingerprint) (model.Entry, error) {
	e, isKnown := m.entries[id]
	if !isKnown {
		return e, model.ErrNotFound
	}
	return e, nil
}

func (m *memory) PurgeOf(context.Context, int, time.Time) (*model.Purge, error) { return nil, nil }

// The answer to an engine is lost in the night in which 02:30 comes twice. The
// engine sends the title again an hour later.
func Example() {
	store := &memory{entries: map[model.Fingerprint]model.Entry{}}
	recorder := playlog.New(store, zerolog.Nop(), time.Now, func() { fmt.Println("caches forget their answers") })
	vienna, err := stationtime.Load("Europe/Vienna")
	if err != nil {
		fmt.Println(err)
		return
	}
	first := time.Date(2026, 10, 25, 0, 31, 0, 0, time.UTC)
	for _, arrival := range []time.Time{first, first.Add(time.Hour)} {
		start, err := vienna.Parse("2026-10-25 02:30:00", arrival)
		if err == nil {
			e := model.Entry{LogSource: 1, TrackStart: start.Time, Artist: "Mazzy Star", Title: "Fade Into You"}
			err = recorder.Record(context.Background(), playlog.Play{Entry: e, Other: start.Other})
		}
		fmt.Println("record:", err)
	}
	for _, e := range store.entries {
		fmt.Printf("%q at %s\n", e.Title, e.TrackStart.Format(time.RFC3339))
	}
	fmt.Println(recorder.Record(context.Background(), playlog.Play{Entry: model.Entry{LogSource: 1, TrackStart: first, Duration: -time.Second}}))
	// Output:
	// caches forget their answers
	// record: <nil>
	// caches forget their answers
	// record: <nil>
	// "Fade Into You" at 2026-10-25T00:30:00Z
	// invalid: track_duration: must be seconds from 0 to 31622400 (366 days); leave it out if it is unknown
}
