package onair_test

import (
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
)

// Both engines play, and source 1 is active by default. Source 2 takes over in
// the middle of a title.
func Example() {
	evening := time.Date(2020, 6, 27, 19, 0, 0, 0, time.UTC)
	after := func(minutes int) time.Time { return evening.Add(time.Duration(minutes) * time.Minute) }
	played := map[int64]model.Entry{
		1: {ID: 1, LogSource: 1, TrackStart: after(0), Title: "Fade Into You", Duration: 5 * time.Minute},
		2: {ID: 2, LogSource: 1, TrackStart: after(5), Title: "Halah", Duration: 3 * time.Minute},
		3: {ID: 3, LogSource: 2, TrackStart: after(1), Title: "Ghost Highway"}, // of unknown duration
	}
	var records []onair.Record
	for _, e := range played {
		records = append(records, onair.NewRecord(e))
	}
	activations := []model.Activation{{Epoch: 1, Source: 2, From: after(6)}}

	for _, s := range onair.Derive(onair.Window{}, records, activations, 1) {
		until := "is on air"
		if !s.Until.IsZero() {
			until = s.Until.Format("15:04")
		}
		fmt.Println(s.From.Format("15:04"), until, played[s.Entry].Title)
	}
	// Output:
	// 19:00 19:05 Fade Into You
	// 19:05 19:06 Halah
	// 19:06 is on air Ghost Highway
}
