package model

import (
	"testing"
	"time"
)

func TestRulesDiffer(t *testing.T) {
	t.Parallel()
	at := func(hour int) time.Time { return time.Date(2020, 6, 27, hour, 0, 0, 0, time.UTC) }
	first, said := DefaultHeardRule(), HeardRule{From: Earliest, Version: RuleAsSaid}
	from := func(r HeardRule, hour int) HeardRule { r.From = at(hour); return r }
	for name, c := range map[string]struct {
		a, b   []HeardRule
		from   time.Time
		differ bool
	}{
		"Same":       {[]HeardRule{first, from(said, 3)}, []HeardRule{first, from(said, 3)}, time.Time{}, false},
		"None":       {nil, nil, time.Time{}, false},
		"First":      {[]HeardRule{first}, []HeardRule{said}, time.Time{}, true},
		"ToNone":     {[]HeardRule{first}, nil, time.Time{}, true},
		"Added":      {[]HeardRule{first}, []HeardRule{first, from(said, 3)}, at(3), true},
		"Removed":    {[]HeardRule{first, from(said, 3)}, []HeardRule{first}, at(3), true},
		"Later":      {[]HeardRule{first, from(said, 3)}, []HeardRule{first, from(said, 5)}, at(3), true},
		"Earlier":    {[]HeardRule{first, from(said, 3)}, []HeardRule{first, from(said, 2)}, at(2), true},
		"OtherRule":  {[]HeardRule{first, from(said, 3)}, []HeardRule{first, from(first, 3)}, at(3), true},
		"OtherFirst": {[]HeardRule{from(first, 1)}, []HeardRule{from(first, 2)}, time.Time{}, true},
	} {
		if got, differ := RulesDiffer(c.a, c.b); !got.Equal(c.from) || differ != c.differ {
			t.Errorf("%s: %v, %t, want %v, %t", name, got, differ, c.from, c.differ)
		}
	}
}

func TestValidateRules(t *testing.T) {
	t.Parallel()
	good, later := DefaultHeardRule(), DefaultHeardRule()
	later.From = good.From.Add(time.Hour)
	if err := ValidateRules([]HeardRule{good, later}); err != nil {
		t.Error(err)
	}
	with := func(change func(*HeardRule)) []HeardRule {
		r := later
		change(&r)
		return []HeardRule{good, r}
	}
	for name, rules := range map[string][]HeardRule{
		"None":      nil,
		"Unordered": {later, good},
		"Twice":     {good, good},
		"Version":   with(func(r *HeardRule) { r.Version = 3 }),
		"NoVersion": with(func(r *HeardRule) { r.Version = 0 }),
		"TooEarly":  {{Version: RuleHeard}},
		"TooLate":   with(func(r *HeardRule) { r.From = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC) }),
		"Negative":  with(func(r *HeardRule) { r.LongestLive = -1 }),
	} {
		if err := ValidateRules(rules); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
