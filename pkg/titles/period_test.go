package titles_test

import (
	"errors"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/titles"
)

func TestCheckPeriod(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	for name, c := range map[string]struct {
		from, to, until time.Time
		wrong           bool
	}{
		"Ever":     {until: now},
		"Month":    {from: day(-60), to: day(-30), until: day(-30)},
		"Until":    {from: day(-60), until: now},
		"Future":   {from: day(-60), to: day(3), until: now},
		"Longest":  {from: day(-366), until: now},
		"TooLong":  {from: day(-367), until: now, wrong: true},
		"NoBegin":  {to: day(-3), until: day(-3), wrong: true},
		"Backward": {from: day(-3), to: day(-9), until: day(-9)},
	} {
		p, err := titles.CheckPeriod(c.from, c.to, now)
		if _, isInvalid := errors.AsType[*model.InvalidError](err); isInvalid != c.wrong || p != (titles.Period{From: c.from, To: c.until}) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if p.IsEver() != c.from.IsZero() {
			t.Errorf("%s is ever: %t", name, p.IsEver())
		}
	}
}
