package status

import (
	"testing"
	"time"
)

func TestCurrentAndNext(t *testing.T) {
	t.Parallel()
	show := func(name string, from time.Duration, lasts ...time.Duration) Show {
		s := Show{Name: name, Start: noon.Add(from)}
		for _, d := range lasts {
			s.End = s.Start.Add(d)
		}
		return s
	}
	name := func(s *Show) string {
		if s == nil {
			return ""
		}
		return s.Name
	}
	for about, c := range map[string]struct {
		shows         []Show
		current, next string
	}{
		"None":          {nil, "", ""},
		"Over":          {[]Show{show("a", -2, 2)}, "", ""},
		"On":            {[]Show{show("a", -2, 3)}, "a", ""},
		"BeginsNow":     {[]Show{show("a", 0, 3)}, "a", ""},
		"NoEnd":         {[]Show{show("a", -2), show("b", 1)}, "a", "b"},
		"NoEndButOther": {[]Show{show("a", -3), show("b", -2, 1)}, "", ""},
		"Inside":        {[]Show{show("a", -3, 9), show("b", -2, 3), show("c", 2), show("d", 1)}, "b", "d"},
		"InsideIsOver":  {[]Show{show("a", -3, 9), show("b", -2, 1)}, "a", ""},
	} {
		current, next := CurrentAndNext(c.shows, noon)
		if got := name(current); got != c.current {
			t.Errorf("%s: current is %q, want %q", about, got, c.current)
		}
		if got := name(next); got != c.next {
			t.Errorf("%s: next is %q, want %q", about, got, c.next)
		}
	}
}

func TestUpcoming(t *testing.T) {
	t.Parallel()
	show := func(name string, from time.Duration) Show { return Show{Name: name, Start: noon.Add(from)} }
	var names string
	for _, s := range Upcoming([]Show{show("c", 3), show("now", 0), show("a", 1), show("again", 3), show("before", -1), show("b", 2)}, noon) {
		names += s.Name
	}
	if names != "abc" {
		t.Errorf("upcoming are %q", names)
	}
}
