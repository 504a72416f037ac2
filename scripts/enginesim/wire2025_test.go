package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestWire2025_Titled(t *testing.T) {
	t.Parallel()
	w := wire2025{zone: vienna(t)}
	slot := slot{ID: 40, PlaylistID: 7040, Show: show{ID: 13, Name: "Jukebox"}, End: time.Date(2020, 6, 27, 18, 0, 0, 0, time.UTC)}
	at := time.Date(2020, 6, 27, 17, 14, 0, 500_000_000, time.UTC)
	for _, test := range []struct {
		name string
		p    play
		want string
	}{
		{"File", play{work: work{Style: "songs", Artist: "Björk", Title: "Jóga", Album: "Homogenic", Seconds: 305.1}, Num: 3},
			`{"logSource":1,"mediaId":7040,"showId":13,"showName":"Jukebox","timeslotId":"40","trackAlbum":"Homogenic","trackArtist":"Björk","trackDuration":305.1,"trackNum":1,"trackStart":"2020-06-27T19:14:00","trackTitle":"Jóga","trackType":0}`},
		{"Jingle", play{work: work{Artist: "AURA", Title: "Jingle", Seconds: 8.4}},
			`{"logSource":1,"mediaId":7040,"showId":13,"showName":"Jukebox","timeslotId":"40","trackAlbum":"","trackArtist":"","trackDuration":8.4,"trackNum":1,"trackStart":"2020-06-27T19:14:00","trackTitle":"","trackType":0}`},
		{"Live", play{work: work{Artist: "Jukebox", Title: "Live"}, Type: typeLine},
			`{"logSource":1,"mediaId":-1,"showId":13,"showName":"Jukebox","timeslotId":"40","trackAlbum":"","trackArtist":"","trackDuration":2759.5,"trackNum":1,"trackStart":"2020-06-27T19:14:00","trackTitle":"","trackType":0}`},
		{"Fallback", play{work: work{Style: "songs", Artist: "Björk", Title: "Jóga", Seconds: 305.1}, Fallback: true},
			`{"logSource":1,"mediaId":-1,"showId":-1,"showName":"Fallback","timeslotId":"-1","trackAlbum":"","trackArtist":"Björk","trackDuration":305.1,"trackNum":1,"trackStart":"1970-01-01T01:00:00","trackTitle":"Jóga","trackType":0}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.p.Start, test.p.Slot = at, slot
			said := w.titled(test.p, nil, slot)
			got, err := json.Marshal(said[0].body)
			if err != nil || len(said) != 1 || said[0].path != "/engine/api/v1/playlog" || string(got) != test.want {
				t.Errorf("got  %s to %s (%v)\nwant %s", got, said[0].path, err, test.want)
			}
		})
	}
}

func TestWire2025_Health(t *testing.T) {
	t.Parallel()
	w := wire2025{zone: vienna(t), started: time.Date(2020, 6, 27, 17, 0, 0, 0, time.UTC)}
	said, err := w.health(time.Date(2020, 6, 27, 17, 14, 0, 123_000_000, time.UTC), true)
	if err != nil || said.path != "/engine/api/v1/source/health/1" || said.body["logTime"] != "2020-06-27 19:14:00.123" || said.body["isHealthy"] != true {
		t.Errorf("%v (%v)", said, err)
	}
	details, _ := said.body["details"].(string)
	if want := `{"fallback":true,"queue":3,"rms":-15.123,"uptime":840}`; details != want {
		t.Errorf("details are %s, want %s", details, want)
	}
}

// TestEngine_Run2025: an engine that catches up leaves out the fallback, which
// would be taken for one of now. It tells no clock, and its health only by report.
func TestEngine_Run2025(t *testing.T) {
	t.Parallel()
	api := &recorder{status: http.StatusNoContent}
	e := simulate(t, api, "2025", time.Date(2020, 6, 27, 10, 0, 0, 0, time.UTC), 2)
	var said []string
	for _, r := range api.got {
		said = append(said, r.path+" "+r.body["trackStart"].(string))
	}
	const want = "/engine/api/v1/playlog 2020-06-27T12:00:00, /engine/api/v1/playlog 2020-06-27T12:23:22"
	if got := strings.Join(said, ", "); got != want || e.lost != 0 {
		t.Errorf("said %s (%d lost), want %s", got, e.lost, want)
	}
}

// TestEngine_Report: the health comes at once and at every tick, except while the
// engine is away.
func TestEngine_Report(t *testing.T) {
	t.Parallel()
	told := make(chan string)
	e := simulated(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		told <- r.URL.Path
	}), "2025", time.Now(), 0)
	ctx, cancel := context.WithCancel(t.Context())
	ticks, ended := make(chan time.Time), make(chan error)
	go func() { ended <- e.report(ctx, ticks) }()
	const health = "/engine/api/v1/source/health/1"
	if got := <-told; got != health {
		t.Errorf("told %s", got)
	}
	ticks <- time.Now()
	<-told
	e.away.Store(true)
	ticks <- time.Now()
	ticks <- time.Now() // the tick before told nothing, otherwise this would wait for ever
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
