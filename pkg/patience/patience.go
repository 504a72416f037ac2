package patience

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Variable is the environment variable that stretches all bounds: a factor,
// which is 1 if it is empty.
const Variable = "AURA_TEST_PATIENCE"

// limit is generous for what takes milliseconds on a quiet machine.
const limit = time.Minute

// Waiting looks again after the first of these times, then ever less often.
const (
	lookFirst = 2 * time.Millisecond
	lookLast  = 50 * time.Millisecond
)

var factor = sync.OnceValue(func() float64 {
	f, err := parse(os.Getenv(Variable))
	if err != nil {
		panic(err) // no test may run with another patience than was asked for
	}
	return f
})

func parse(said string) (float64, error) {
	if said == "" {
		return 1, nil
	}
	f, err := strconv.ParseFloat(said, 64)
	if err != nil || !(f > 0) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("%s=%q: must be a number above 0", Variable, said)
	}
	return f, nil
}

// Stretch returns d, stretched by the setting.
func Stretch(d time.Duration) time.Duration { return time.Duration(float64(d) * factor()) }

// Limit is how long a test waits for one thing before it gives up.
func Limit() time.Duration { return Stretch(limit) }

// Await returns when condition returns nil. If that takes longer than Limit, it
// fails the test with what condition says is missing. Prefer Receive if
// something tells of the event.
func Await(t testing.TB, condition func() error) {
	t.Helper()
	Within(t, Limit(), condition)
}

// Within is Await with a limit of its own, for what takes long on any machine.
func Within(t testing.TB, limit time.Duration, condition func() error) {
	t.Helper()
	over := time.NewTimer(limit)
	defer over.Stop()
	for pause := lookFirst; ; pause = min(pause*3/2, lookLast) {
		err := condition()
		if err == nil {
			return
		}
		select {
		case <-time.After(pause):
		case <-over.C:
			t.Fatalf("after %s: %v", limit, err)
		}
	}
}

// Receive returns what the channel brings, or the zero value when it is closed.
// If that takes longer than Limit, it fails the test; what names what the
// channel tells of.
func Receive[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	over := time.NewTimer(Limit())
	defer over.Stop()
	select {
	case v := <-from:
		return v
	case <-over.C:
		t.Fatalf("after %s: not yet: %s", Limit(), what)
		panic("unreachable")
	}
}
