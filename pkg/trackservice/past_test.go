package trackservice_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/model"
)

// forgetful is a log that does not tell what was before a time.
type forgetful struct {
	*playlog
	before time.Time
}

func (f *forgetful) LatestEntry(ctx context.Context, at time.Time) (model.Entry, error) {
	if at.Before(f.before) {
		return model.Entry{}, model.ErrUnavailable
	}
	return f.playlog.LatestEntry(ctx, at)
}

// TestService_Subscribe_withoutPast: if what was before is not known, listeners
// without a delay miss nothing. The others hear what is known as soon as they reach
// it.
func TestService_Subscribe_withoutPast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &forgetful{playlog: &playlog{}, before: time.Now()}
		s := newService(log)
		run(t, s)
		live, delayed := subscribe(t, s, ""), subscribeLate(t, s, "", late)
		wantHeard(t, live, "null")
		begin := time.Now()
		log.add(entry(1, begin, 5*time.Second))
		s.Changed()
		wantHeard(t, live, "1 Fade Into You 5s")
		time.Sleep(20*time.Second - 1)
		wantHeard(t, delayed, "null") // of before its first question
		time.Sleep(1 + 5*time.Second)
		wantHeard(t, delayed, "1 Fade Into You 5s")
		wantHeard(t, live, "")
		time.Sleep(time.Until(begin.Add(35 * time.Second)))
		wantHeard(t, live, "null")
	})
}

// slow is a log that takes long to tell what was before a time.
type slow struct{ forgetful }

func (s *slow) LatestEntry(ctx context.Context, at time.Time) (model.Entry, error) {
	if at.Before(s.before) {
		time.Sleep(time.Second)
	}
	return s.playlog.LatestEntry(ctx, at)
}

// TestService_Subscribe_slowPast: who has no delay does not wait for what was before.
func TestService_Subscribe_slowPast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &slow{forgetful{&playlog{}, time.Now().Add(time.Minute)}}
		log.add(entry(1, time.Now(), 0))
		time.Sleep(time.Minute)
		s := newService(log)
		run(t, s)
		log.add(entry(2, time.Now(), 0))
		live, delayed := subscribe(t, s, ""), subscribeLate(t, s, "", late)
		s.Changed()
		wantHeard(t, live, said(1)+", "+said(2))
		wantHeard(t, delayed, "")
		time.Sleep(2 * time.Second)
		wantHeard(t, delayed, said(1))
	})
}

// TestService_Subscribe_bogusPast: a log that has more plays than can have been heard
// is not read as a whole.
func TestService_Subscribe_bogusPast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &playlog{}
		for i := range 1000 {
			log.add(entry(int64(i+1), time.Now().Add(time.Duration(i-999)*10*time.Millisecond), 0))
		}
		s := newService(log)
		run(t, s)
		looks := log.looks()
		l := subscribeLate(t, s, "", late)
		wantHeard(t, l, "")
		if reads := log.looks() - looks; reads > 320 {
			t.Errorf("a look reads %d entries", reads)
		}
		time.Sleep(time.Duration(late))
		if got := heard(l); !strings.HasSuffix(got, said(1000)) {
			t.Errorf("heard %s", got)
		}
	})
}
