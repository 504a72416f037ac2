package deliverytest

import (
	"testing"
	"time"
)

// Jitters fails if the pauses between tries break the bounds of a back-off, or are
// not spread over them. It needs 200 tries.
func Jitters(t testing.TB, tries []time.Time, first, most time.Duration) {
	t.Helper()
	bound, longest, shortest := first, time.Duration(0), most
	for i := 1; i < len(tries); i++ {
		pause := tries[i].Sub(tries[i-1])
		if pause >= bound {
			t.Errorf("pause %d is %s, not less than %s", i, pause, bound)
		}
		if bound == most {
			longest, shortest = max(longest, pause), min(shortest, pause)
		}
		bound = min(2*bound, most)
	}
	// Less than one in a thousand million runs of 200 tries.
	if len(tries) < 200 || longest < most*9/10 || shortest > most/10 {
		t.Errorf("%d tries, with pauses of %s to %s: no full jitter", len(tries), shortest, longest)
	}
}
