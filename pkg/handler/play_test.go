package handler

import (
	"bytes"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog/playlogtest"
)

// TestAPI_play_generations: a body in the spelling of 2025 is the same play as in
// the older one, and as in a mixture.
func TestAPI_play_generations(t *testing.T) {
	t.Parallel()
	want := model.Entry{
		LogSource: 2, TrackStart: moment(t, "2025-07-17T12:03:05Z"), Artist: "a", Album: "b", Title: "c", Duration: 215500 * time.Millisecond,
		TrackNum: 3, TimeslotID: 5, ShowID: 6, ShowName: "d", MediaID: 501, ReceivedAt: moment(t, "2025-07-17T12:03:05.02Z"),
	}
	for name, body := range map[string]string{
		"2025": `{"trackStart": "2025-07-17T14:03:05", "trackArtist": "a", "trackAlbum": "b", "trackTitle": "c", "trackDuration": 215.5,
			"trackType": 0, "trackNum": 3, "mediaId": 501, "timeslotId": "5", "showId": 6, "showName": "d", "logSource": 2, "playlistId": -1}`,
		"2020": `{"track_start": "2025-07-17 14:03:05", "track_artist": "a", "track_album": "b", "track_title": "c", "track_duration": 215.5,
			"track_type": 0, "track_num": 3, "media_id": 501, "timeslot_id": 5, "show_id": 6, "show_name": "d", "log_source": 2}`,
		"Mixed": `{"track_start": "2025-07-17 14:03:05", "trackArtist": "a", "track_album": "b", "trackTitle": "c", "track_duration": null, "trackDuration": "215.5",
			"track_num": "3", "mediaId": "501", "timeslot_id": "-1", "timeslotId": "5", "showId": 6, "show_name": "", "showName": "d", "logSource": "2"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _, err := decode(t, decoder(t, "Europe/Vienna", "2025-07-17T12:03:05.02Z", &bytes.Buffer{}), body)
			if err != nil || e != want {
				t.Errorf("got %+v, %v; want %+v", e, err, want)
			}
		})
	}
}

// TestAPI_play_doubts: nothing optional costs a play.
func TestAPI_play_doubts(t *testing.T) {
	t.Parallel()
	for _, c := range playlogtest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			e, _, err := decode(t, decoder(t, "Europe/Vienna", playlogtest.Arrival.Format(time.RFC3339Nano), &bytes.Buffer{}), c.Body)
			if err != nil {
				t.Fatal(err)
			}
			c.Check(t, e)
		})
	}
}

// TestAPI_play_nothing: a body that says neither what was played nor when is no
// play.
func TestAPI_play_nothing(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"a": 1}`, `{"track_duration": 3, "track_num": 1, "track_type": 0, "log_source": 1}`, `{"show_id": -1, "track_title": ""}`} {
		if _, _, err := decode(t, decoder(t, "Europe/Vienna", "2020-06-27T17:14:01Z", &bytes.Buffer{}), body); err == nil {
			t.Errorf("%s: is a play", body)
		}
	}
}

// TestAPI_play_syncNode: plays reach a sync node from original nodes, so their
// arrival says nothing, and they must name their source.
func TestAPI_play_syncNode(t *testing.T) {
	t.Parallel()
	a := decoder(t, "Europe/Vienna", "2020-06-27T17:14:01Z", &bytes.Buffer{})
	a.HostID = 0
	p, err := a.play(t.Context(), object(t, `{"track_title": "a", "log_source": 2}`))
	if err != nil || !p.Entry.ReceivedAt.IsZero() || p.Entry.LogSource != 2 {
		t.Errorf("got %+v, %v", p, err)
	}
	if _, err := a.play(t.Context(), object(t, `{"track_title": "a"}`)); err == nil {
		t.Error("without a source it was taken")
	}
}
