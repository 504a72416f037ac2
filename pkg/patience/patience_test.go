package patience

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]float64{"": 1, "3": 3, "0.5": 0.5} {
		if got, err := parse(said); err != nil || got != want {
			t.Errorf("%q is %g, %v, want %g", said, got, err, want)
		}
	}
	for _, said := range []string{"0", "-1", "much", "NaN", "Inf"} {
		if got, err := parse(said); err == nil || !strings.Contains(err.Error(), Variable) {
			t.Errorf("%q is %g, %v", said, got, err)
		}
	}
}

// failing notes how a test fails.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Helper() {}

func (f *failing) Fatalf(format string, args ...any) {
	f.said = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failure is how a test fails that does so, and after which time.
func failure(do func(t testing.TB)) (said string, after time.Duration) {
	f, began := new(failing), time.Now()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		do(f)
	}()
	<-ended
	return f.said, time.Since(began)
}

func TestAwait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		condition := func() error {
			if looks++; looks < 100 {
				return fmt.Errorf("look %d", looks)
			}
			return nil
		}
		if said, _ := failure(func(t testing.TB) { Await(t, condition) }); said != "" || looks != 100 {
			t.Errorf("%q after %d looks", said, looks)
		}
		said, after := failure(func(t testing.TB) { Await(t, func() error { return errors.New("2 of 3 are there") }) })
		if !strings.Contains(said, "2 of 3 are there") || after != Limit() {
			t.Errorf("%q after %s", said, after)
		}
		if _, after := failure(func(t testing.TB) { Within(t, time.Hour, func() error { return errors.New("never") }) }); after != time.Hour {
			t.Errorf("after %s", after)
		}
	})
}

func TestReceive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		events := make(chan int)
		time.AfterFunc(Limit()-1, func() { events <- 7; close(events) })
		if got := Receive(t, "the seven", events); got != 7 {
			t.Errorf("got %d", got)
		}
		if got := Receive(t, "the end", events); got != 0 {
			t.Errorf("got %d", got)
		}
		said, after := failure(func(t testing.TB) { Receive(t, "the flood", make(chan int)) })
		if !strings.Contains(said, "the flood") || after != Limit() {
			t.Errorf("%q after %s", said, after)
		}
	})
}
