package model

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func decided() Purge {
	p := Purge{
		Before: time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC), At: time.Date(2026, 3, 1, 9, 0, 0, 123456789, time.UTC), By: " alice ", Reason: "kept  for\tten years",
		Gone: []Gone{{Source: 1, Month: "2015-12", Entries: 2, Length: time.Minute}, {Source: 2, Month: "2015-12", Entries: 3}},
	}
	p.Normalize()
	return p
}

// TestPurge_UID: whatever a person decides is in the identity, and what was deleted is
// not.
func TestPurge_UID(t *testing.T) {
	t.Parallel()
	first := decided()
	if got := first.UID().String(); got != "4693f598463799e11321db991e2194c5" {
		t.Errorf("the identity is %s; it must never change", got)
	}
	for name, change := range map[string]func(*Purge){
		"Before": func(p *Purge) { p.Before = p.Before.Add(time.Second) },
		"Source": func(p *Purge) { p.Source = 1 },
		"At":     func(p *Purge) { p.At = p.At.Add(time.Microsecond) },
		"By":     func(p *Purge) { p.By = "bob" },
		"Reason": func(p *Purge) { p.Reason = "" },
	} {
		other := decided()
		if change(&other); other.UID() == first.UID() {
			t.Errorf("%s is not in it", name)
		}
	}
	other := decided()
	other.Gone, other.Done = nil, true
	if other.UID() != first.UID() {
		t.Error("what was deleted is in it")
	}
}

func TestPurge_Validate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		change func(*Purge)
		wrong  string // the fields
	}{
		"Good":     {func(*Purge) {}, ""},
		"Latest":   {func(p *Purge) { p.Before = now.Add(-PurgeableAfter) }, ""},
		"TooLate":  {func(p *Purge) { p.Before = now.Add(time.Microsecond - PurgeableAfter) }, "before"},
		"TooEarly": {func(p *Purge) { p.Before = time.Time{} }, "before"},
		"Source":   {func(p *Purge) { p.Source = -1 }, "source"},
		"NoTime":   {func(p *Purge) { p.At = time.Time{} }, "at"},
		"Nobody":   {func(p *Purge) { p.By, p.Reason = "", "" }, "by reason"},
	} {
		p := decided()
		c.change(&p)
		var wrong []string
		if err := p.Validate(now); err != nil {
			for _, f := range err.(*InvalidError).Fields { //nolint:errorlint // it is never wrapped
				wrong = append(wrong, f.Field)
			}
		}
		if got := strings.Join(wrong, " "); got != c.wrong {
			t.Errorf("%s: wrong is %q, want %q", name, got, c.wrong)
		}
	}
}

// TestPurges: the bound of a source is the latest that is about it, and only what is
// about every source counts for all.
func TestPurges(t *testing.T) {
	t.Parallel()
	all, one, later := decided(), decided(), decided()
	one.Source, one.Before = 1, one.Before.AddDate(1, 0, 0)
	later.Source, later.Before = 2, later.Before.AddDate(-1, 0, 0)
	purges := Purges{later, all, one}
	for source, want := range []time.Time{all.Before, one.Before, all.Before, all.Before} {
		if got := purges.Bound(source); !got.Equal(want) {
			t.Errorf("the bound of %d is %s, want %s", source, got, want)
		}
		if p := purges.Covering(source, want.Add(-time.Microsecond)); p == nil || !p.Before.Equal(want) {
			t.Errorf("just before the bound of %d: %+v", source, p)
		}
		if p := purges.Covering(source, want); p != nil {
			t.Errorf("at the bound of %d: %+v", source, p)
		}
	}
	if bound := (Purges)(nil).Bound(1); !bound.IsZero() {
		t.Errorf("without any it is %s", bound)
	}
}

func TestPurge_Of(t *testing.T) {
	t.Parallel()
	all := decided()
	own, ok := all.Of(2)
	if !ok || own.Source != 2 || !reflect.DeepEqual(own.Gone, all.Gone[1:]) || len(all.Gone) != 2 || own.UID() == all.UID() {
		t.Errorf("%t, %+v of %+v", ok, own, all)
	}
	if _, ok := own.Of(1); ok {
		t.Error("a purge of source 2 is about source 1")
	}
	again, _ := all.Of(2)
	if again.UID() != own.UID() {
		t.Error("the same is another one")
	}
}

// TestPurge_KnowsMore: a copy replaces one that says less, and no other.
func TestPurge_KnowsMore(t *testing.T) {
	t.Parallel()
	less, more, done := decided(), decided(), decided()
	less.Gone = less.Gone[:1]
	done.Done = true
	rising := []Purge{less, more, done}
	for i := range rising {
		for k := range rising {
			if got := rising[i].KnowsMore(&rising[k]); got != (i > k) {
				t.Errorf("%d knows more than %d: %t", i, k, got)
			}
		}
	}
}

func TestAddGone(t *testing.T) {
	t.Parallel()
	a := []Gone{{1, "2015-12", 2, time.Minute}, {1, "2015-11", 1, 0}}
	b := []Gone{{2, "2015-11", 5, time.Second}, {1, "2015-12", 3, time.Hour}}
	want := []Gone{{1, "2015-11", 1, 0}, {1, "2015-12", 5, time.Hour + time.Minute}, {2, "2015-11", 5, time.Second}}
	if got := AddGone(a, b...); !reflect.DeepEqual(got, want) || a[1].Month != "2015-11" {
		t.Errorf("%v, want %v", got, want)
	}
	if sum := Total(want); sum.Entries != 11 || sum.Length != time.Hour+time.Minute+time.Second {
		t.Errorf("the sum is %+v", sum)
	}
	void := Entry{LogSource: 1, Duration: time.Minute, Overlay: Overlay{Void: true}}
	if g := GoneOf(void, "2015-12"); g != (Gone{1, "2015-12", 1, 0}) {
		t.Errorf("of a void entry: %+v", g)
	}
}
