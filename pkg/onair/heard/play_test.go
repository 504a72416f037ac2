package heard_test

import (
	"reflect"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/heard"
)

// TestNewPlay: corrections count, but the identity is that of what was sent.
func TestNewPlay(t *testing.T) {
	t.Parallel()
	sent := model.Entry{
		LogSource: 1, TrackStart: began, ReceivedAt: began.Add(time.Second), Duration: time.Minute,
		Artist: "a", Album: "l", Title: "t", TrackType: model.TrackTypeLine,
		ShowName: "s", ShowID: 1, TimeslotID: 2, MediaID: 3,
	}
	again := began.Add(20 * time.Second)
	told := sent
	told.ReceivedAt = again
	e := model.Tell(sent, told)
	title, start := "amended", began.Add(5*time.Second)
	e.Overlay = model.Overlay{Void: true, Changes: model.Changes{Title: &title, TrackStart: &start}}

	want := heard.Play{
		ID: sent.Fingerprint(), Start: start, Duration: time.Minute,
		ReceivedAt: began.Add(time.Second), Again: []time.Time{again}, Type: model.TrackTypeLine,
		Artist: "a", Album: "l", Title: "amended",
		ShowName: "s", ShowID: 1, TimeslotID: 2, MediaID: 3,
		StartSet: true, Void: true,
	}
	if got := heard.NewPlay(e.Fingerprint(), e); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := heard.NewPlay(model.Fingerprint{}, model.Entry{TrackStart: began, Manual: true}); !got.Manual || got.StartSet || got.Void {
		t.Errorf("logged by hand: %+v", got)
	}
}
