package journal

import (
	"context"
	"reflect"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
)

// lastPlay is a Taker that remembers.
type lastPlay struct {
	base
	play playlog.Play
}

func (l *lastPlay) Take(ctx context.Context, p *playlog.Play) (model.Taken, error) {
	l.play = *p
	return model.TakenStored, l.fails(ctx, "")
}

// TestItem_play: a play comes out of the journal with everything that its engine
// told and that the store needs to decide.
func TestItem_play(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 10, 25, 0, 30, 0, 123456000, time.UTC)
	want := playlog.Play{Entry: model.Entry{
		LogSource: 2, TrackStart: start, ReceivedAt: start.Add(3 * time.Second), Artist: "Mazzy Star", Title: "Fade \u0000Into You \u2028 🎧",
		Duration: 295500 * time.Millisecond, ShowName: "Größte Hits", TrackNum: -3, Doubts: model.NewDoubts(model.Doubt{Field: "track_num", Sent: "x", Why: "y"}),
	}, Other: start.Add(time.Hour), Undated: true}
	want.Entry.Normalize()
	want.AsSent = new(want.Entry)
	want.AsSent.Title = " Fade  Into You "
	var db lastPlay
	db.fails = away
	file := &disk{}
	j := New(Options{
		File: file, Plays: &db, Database: &db, Now: time.Now,
		Identity: func() *model.Identity { return &model.Identity{Database: ours} }, Kept: func() {}, Stored: func() {},
	})
	if _, err := j.Take(t.Context(), &want); err != nil {
		t.Fatal(err)
	}
	if k := file.items[0]; !k.Arrival.Equal(want.Entry.ReceivedAt) || !k.Start.Equal(start) {
		t.Errorf("kept as %+v", k)
	}
	db.play = playlog.Play{}
	db.fails = func(context.Context, string) error { return nil }
	if n, err := j.Drain(t.Context()); err != nil || n != 1 || !reflect.DeepEqual(db.play, want) {
		t.Errorf("%d, %v: got  %+v\nwant %+v", n, err, db.play, want)
	}
}
