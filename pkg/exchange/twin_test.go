package exchange_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/exchange"
	"aura.radio/engine/pkg/model"
)

// from is a start of a database, such as "a1".
func from(name string) model.Identity {
	return model.Identity{
		Owner: model.Owner{Service: model.EngineAPI, Host: 2}, Database: model.Fingerprint{name[0]}, Start: model.Fingerprint{name[0], name[1]},
	}
}

// heard tells what becomes of a series of names, each with the minutes that passed
// before it was heard: "a1 3b1 a1" is a1, b1 three minutes later, and a1 again, a
// second after that. With an exclamation mark, the sync node has asked, and with
// a question mark another one answers at the host's address. The answer has the name of those that are taken, and a dash for the others.
func heard(series string) string {
	var known []model.Sighting
	var taken []string
	now := noon
	for _, word := range strings.Fields(series) {
		how := exchange.Called
		word, asked := strings.CutSuffix(word, "!")
		if asked {
			how = exchange.Answered
		}
		word, elsewhere := strings.CutSuffix(word, "?")
		if elsewhere {
			how = exchange.Elsewhere
		}
		minutes, name := 0, word[len(word)-2:]
		_, _ = fmt.Sscanf(word, "%d", &minutes)
		now = now.Add(time.Duration(minutes)*time.Minute + time.Second)
		known = exchange.Judge(known, from(name), how, now)
		result := "-"
		for _, s := range known {
			if s.Standing == model.Current && s.Start == from(name).Start {
				result = name
			}
		}
		taken = append(taken, result)
	}
	return strings.Join(taken, " ")
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ series, want string }{
		"One":              {"a1 5a1 60a1 2000a1", "a1 a1 a1 a1"},
		"Restarts":         {"a1 a2 1a3 60a4", "a1 a2 a3 a4"},
		"Other":            {"a1 1b1 1a1 1b1", "a1 - a1 -"},
		"LostDisk":         {"a1 5b1 5b1 1b1", "a1 - b1 b1"},
		"SilentForAnHour":  {"a1 60b1 1a1 1b1", "a1 b1 a1 -"}, // a mix that lasted long
		"OldHostComesBack": {"a1 20b1 2000b1 1a1 1b1", "a1 b1 b1 - b1"},
		"Clone":            {"a1 a2 1a1 1a2 1a1", "a1 a2 a1 - a1"},
		"CloneRestarts":    {"a1 a2 a1 a2 1a3 1a1 1a3", "a1 a2 a1 - - a1 -"},
		"RestartBesideIt":  {"a1 a2 a1 a2 1a3 10a3 1a3 1a2", "a1 a2 a1 - - a3 a3 -"},
		"CloneEnds":        {"a1 a2 a1 10a1 a3 a3", "a1 a2 a1 a1 a3 a3"},
		"CloneIsKept":      {"a1 a2 a1 a2 11a2 1a2", "a1 a2 a1 - a2 a2"},
		"CloneOfOther":     {"a1 1b1 1b2 1a1", "a1 - - a1"},
		"LostDiskAsked":    {"a1! b1 b1! b1 1b1 a1", "a1 - b1 b1 b1 -"},
		"CloneAsked":       {"a1! a2 a1! a2 a2", "a1 a2 a1 - -"},
		"CopyIsSeen":       {"a1! a2? a1 a2 a1", "a1 - a1 - a1"},
		"RestartBesideTwo": {"a1! a2? a3! a2 a3 a4? a3", "a1 - a3 - a3 - a3"},
		"CopyIsKeptLater":  {"a1! a2? 10a2 a2", "a1 - a2 a2"},
		"RestartAsked":     {"a1! a2 a1! a2 a3! a2 a3", "a1 a2 a1 - a3 - a3"},
	} {
		if got := heard(c.series); got != c.want {
			t.Errorf("%s: %s gives %s, want %s", name, c.series, got, c.want)
		}
	}
}

// TestJudge_property: whatever others say, a database that was heard first, and at
// least every nine minutes since, is always taken, if its service does not restart.
// Of all others none is, but what looks like a restart until the first one is heard
// again.
func TestJudge_property(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		series, want := "a1", "a1"
		others := rapid.SampledFrom([]string{"a2", "a3", "b1", "b2", "c1"})
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			for range rapid.IntRange(0, 3).Draw(t, "others") {
				series, want = series+" "+others.Draw(t, "other"), want+" ?"
			}
			series, want = series+fmt.Sprintf(" %da1", rapid.IntRange(0, 9).Draw(t, "minutes")), want+" a1"
		}
		got := strings.Fields(heard(series))
		known, since := map[string]bool{}, map[string]bool{}
		for i, w := range strings.Fields(want) {
			name := strings.Fields(series)[i]
			name = name[len(name)-2:]
			switch {
			case w == "a1" && got[i] != "a1", w == "?" && got[i] != "-" && (name[0] != 'a' || known[name]):
				t.Fatalf("%s gives %v: wrong at %d", series, got, i)
			case w == "a1":
				maps.Copy(known, since)
			default:
				since[name] = true
			}
		}
	})
}
