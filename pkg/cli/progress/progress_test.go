package progress

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestShow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		terminal bool
		after    time.Duration
		want     []string
	}{
		{"Log", false, 11 * time.Second, []string{"compared 500,  50 %, 100/s, 5s left\n", "compared 1000, 100 %, 100/s, 0s left\n"}},
		{"Terminal", true, 500 * time.Millisecond, []string{"\r\x1b[Kcompared 20,   2 %, 100/s, 10s left", "\r\x1b[Kcompared 40,   4 %, 100/s, 10s left", "\r\x1b[K"}},
		{"Short", false, time.Second, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out strings.Builder
				began := time.Now()
				stop := show(&out, test.terminal, func() State {
					part := time.Since(began).Seconds() / 10
					return State{Text: "compared " + strconv.FormatInt(int64(1000*part), 10), Done: int64(1000 * part), Part: part}
				})
				time.Sleep(test.after)
				stop()
				if got, want := out.String(), strings.Join(test.want, ""); got != want {
					t.Errorf("shows %q, want %q", got, want)
				}
			})
		})
	}
}

// TestMeter: progress that falls back, because a comparison found more to do,
// gives no negative speed.
func TestMeter(t *testing.T) {
	t.Parallel()
	var m meter
	at := time.Unix(0, 0)
	m.add(at, State{Done: 100, Part: 0.9})
	if got := m.line(at.Add(time.Second), State{Text: "x", Done: 110, Part: 0.1}); got != "x,  10 %" {
		t.Errorf("shows %q", got)
	}
	if got := m.line(at.Add(3*time.Second), State{Text: "x", Done: 130, Part: 0.3}); got != "x,  30 %, 10/s, 7s left" {
		t.Errorf("shows %q", got)
	}
	// For a while the amount of work is unknown.
	for i, want := range []string{"x", "x, 10/s", "x, 10/s"} {
		if got := m.line(at.Add(time.Duration(4+i)*time.Second), State{Text: "x", Done: int64(140 + 10*i), Part: -1}); got != want {
			t.Errorf("shows %q, want %q", got, want)
		}
	}
	for i, want := range []string{"x,  80 %", "x,  90 %, 10/s, 1s left"} {
		if got := m.line(at.Add(time.Duration(7+i)*time.Second), State{Text: "x", Done: int64(170 + 10*i), Part: 0.8 + 0.1*float64(i)}); got != want {
			t.Errorf("shows %q, want %q", got, want)
		}
	}
}
