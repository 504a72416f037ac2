package stationtime_test

import (
	"fmt"
	"time"

	"aura.radio/engine/pkg/stationtime"
)

// Engines send times without an offset, also in the nights in which the clocks
// change.
func Example() {
	vienna, err := stationtime.Load("Europe/Vienna")
	if err != nil {
		fmt.Println(err)
		return
	}
	arrival := time.Date(2026, 10, 25, 1, 31, 0, 0, time.UTC)
	for _, text := range []string{
		"2026-10-25 12:00:00",
		"2026-10-25 02:30:00", // an hour that is repeated
		"2026-03-29 02:30:00", // an hour that is skipped
		"2026-03-29 02:30:00+01:00",
		"2026-02-29 12:00:00",
	} {
		r, err := vienna.Parse(text, arrival)
		if err != nil {
			fmt.Println(text, err)
			continue
		}
		fmt.Println(text, "is", r.Time.Format(time.RFC3339), "repeated:", !r.Other.IsZero(), "skipped:", r.Shifted)
	}
	from, to, err := vienna.Day("2026-10-25")
	fmt.Println("the day has", to.Sub(from), err)
	// Output:
	// 2026-10-25 12:00:00 is 2026-10-25T11:00:00Z repeated: false skipped: false
	// 2026-10-25 02:30:00 is 2026-10-25T01:30:00Z repeated: true skipped: false
	// 2026-03-29 02:30:00 is 2026-03-29T01:30:00Z repeated: false skipped: true
	// 2026-03-29 02:30:00+01:00 is 2026-03-29T01:30:00Z repeated: false skipped: false
	// 2026-02-29 12:00:00 must be a possible date: 2026-02 has the days 01 to 28
	// the day has 25h0m0s <nil>
}
