package main

import (
	"encoding/json"
	"testing"
	"time"
)

func TestWire2020_Time(t *testing.T) {
	t.Parallel()
	w := wire2020{zone: vienna(t), source: 1}
	summer := time.Date(2020, 6, 27, 17, 14, 0, 0, time.UTC)
	repeated := time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC) // 02:30 for the second time
	for _, test := range []struct {
		name string
		time time.Time
		age  int
		want string
	}{
		{"Old", summer, ageOld, "2020-06-27 19:14:00"},
		{"OldFraction", summer.Add(123456 * time.Microsecond), ageOld, "2020-06-27 19:14:00.123456"},
		{"Middle", summer, ageMiddle, "2020-06-27T19:14:00"},
		{"New", summer.Add(500 * time.Millisecond), ageNew, "2020-06-27T19:14:00.500000+02:00"},
		{"OldInRepeatedHour", repeated, ageOld, "2026-10-25T02:30:00+01:00"},
		{"MiddleBeforeRepeatedHour", repeated.Add(-2 * time.Hour), ageMiddle, "2026-10-25T01:30:00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := w.time(test.time, test.age); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestWire2020_Playlog(t *testing.T) {
	t.Parallel()
	w := wire2020{zone: vienna(t), source: 2}
	// Unix()%3 tells the age: 1593277200 is divisible by 3.
	old := time.Date(2020, 6, 27, 17, 0, 0, 0, time.UTC)
	p := play{
		work: work{Artist: "Björk", Title: "Jóga", Composer: "Björk, Sjón", Seconds: 305.1},
		Num:  3, Slot: slot{ID: 40, PlaylistID: 7040, Show: show{ID: 13, Name: "Jukebox"}},
	}
	for _, test := range []struct {
		name string
		at   time.Time
		want string
	}{
		{"Old", old, `{"log_source":2,"playlist_id":7040,"show_id":"13","show_name":"Jukebox","timeslot_id":40,"track_artist":"Björk","track_duration":305,"track_num":"3","track_start":"2020-06-27 19:00:00","track_title":"Jóga","track_type":0}`},
		{"Middle", old.Add(time.Second), `{"log_source":2,"playlist_id":7040,"show_id":13,"show_name":"Jukebox","timeslot_id":40,"track_album":"","track_artist":"Björk","track_duration":305.1,"track_num":3,"track_start":"2020-06-27T19:00:01","track_title":"Jóga","track_type":0}`},
		{"New", old.Add(2 * time.Second), `{"log_source":2,"playlist_id":7040,"show_id":13,"show_name":"Jukebox","timeslot_id":40,"track_album":null,"track_artist":"Björk","track_composer":"Björk, Sjón","track_duration":305.1,"track_num":3,"track_start":"2020-06-27T19:00:02+02:00","track_title":"Jóga","track_type":0}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p.Start = test.at
			got, err := json.Marshal(w.playlog(p))
			if err != nil || string(got) != test.want {
				t.Errorf("got  %s (%v)\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestWire2020_Health(t *testing.T) {
	t.Parallel()
	w := wire2020{zone: vienna(t), source: 1}
	m, err := w.health(time.Date(2020, 6, 27, 17, 14, 0, 0, time.UTC), true)
	status := m.body
	if err != nil || status["log_time"] != "2020-06-27 19:14:00" || status["is_healthy"] != false {
		t.Errorf("%v (%v)", status, err)
	}
	var details struct {
		Vital struct{ Liquidsoap bool }
	}
	text, isText := status["details"].(string)
	if err := json.Unmarshal([]byte(text), &details); !isText || err != nil || details.Vital.Liquidsoap {
		t.Errorf("details %v are no text that holds JSON, or say that all is well (%v)", status["details"], err)
	}
}
