package decision_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/services/status-monitor/internal/decision"
)

// lag is what the default values of the probes give.
const lag = 9 * time.Second

// quiet is the configuration of a station that watches those sources, without
// heartbeats of some of them.
func quiet(watched []int, silent ...int) decision.Config {
	cfg := defaults(watched...)
	cfg.Quiet, cfg.Lag = silent, lag
	return cfg
}

// asked is a source whose engine-api is asked every five seconds from one second
// to another. Its engine reports every so many seconds from the first second on,
// except in those ranges.
func asked(source int, from, to, every float64, except ...[2]float64) []happening {
	var all []happening
	told := from - every
	for t := from; t <= to; t += 5 {
		life := decision.Life{Source: source}
		for next := told + every; next <= t; next += every {
			told = next
			if !slices.ContainsFunc(except, func(r [2]float64) bool { return next >= r[0] && next < r[1] }) {
				life.Reports.Count++
				life.Reports.Ago = at(t).Sub(at(next))
			}
		}
		all = append(all, happening{t, life})
	}
	return all
}

// unanswered is a source whose engine-api does not answer.
func unanswered(source int, from, to float64) []happening {
	var all []happening
	for t := from; t <= to; t += 5 {
		all = append(all, happening{t, decision.Life{Source: source, Unanswered: true, Took: time.Second}})
	}
	return all
}

// said are records of health, one every ten seconds.
func said(from, to float64, h decision.Health) []happening {
	var all []happening
	for t := from; t <= to; t += 10 {
		h.At = at(t)
		all = append(all, happening{t, h})
	}
	return all
}

// never is later than any schedule.
const never = 1e6

// TestSigns has every case of the package's documentation about sources without
// heartbeats, and about what they send.
func TestSigns(t *testing.T) {
	t.Parallel()
	type schedule = [][]happening
	const (
		bothUp   = "1: source 1 up: reports or plays arrive\n2: source 2 up: reports or plays arrive\n"
		silent44 = "1→2, epoch 7: source 1 is down: no report or play for 44 s"
	)
	both := quiet([]int{1, 2}, 1, 2)
	preferring := both
	preferring.PreferDefault = true
	off := both
	off.SickAfter = 0
	for name, c := range map[string]struct {
		cfg      decision.Config
		until    float64
		schedule schedule
		want     string
	}{
		"Dies": {both, 300, schedule{once(0, active(1, 7)), asked(1, 1, 300, 10, [2]float64{105, never}), asked(2, 2, 300, 10)},
			bothUp + "135: source 1 suspect: no report or play for 34 s\n145: source 1 down: no report or play for 44 s\n145: " + silent44},
		"EveryMinute": {both, 700, schedule{once(0, active(1, 7)), asked(1, 1, 700, 60, [2]float64{200, never}), asked(2, 2, 700, 60)},
			bothUp + "340: source 1 suspect: no report or play for 159 s\n400: source 1 down: no report or play for 219 s\n400: 1→2, epoch 7: source 1 is down: no report or play for 219 s"},
		"Play": {both, 300, schedule{once(0, active(1, 7)), asked(1, 1, 300, 10, [2]float64{105, never}), asked(2, 2, 300, 10),
			once(120, decision.Life{Source: 1, Plays: decision.Words{Count: 1, Ago: 4 * time.Second}})},
			bothUp + "150: source 1 suspect: no report or play for 34 s\n160: source 1 down: no report or play for 44 s\n160: " + silent44},
		// Two reports meet an engine-api that starts, and find nobody.
		"Restart": {both, 300, schedule{once(0, active(1, 7)), asked(1, 1, 300, 10, [2]float64{105, 125}), asked(2, 2, 300, 10)}, strings.TrimSpace(bothUp)},
		"OwnNetwork": {both, 160, schedule{once(0, active(1, 7)), asked(1, 1, 106, 10), asked(2, 2, 106, 60), unanswered(1, 107, 160), unanswered(2, 107, 160)},
			bothUp + "135: source 1 suspect: no report or play for 34 s\n145: source 1 down: no report or play for 44 s\n" +
				"154: alarm true: source 1 is active and down, and no other source is up: no report or play for 44 s"},
		// The network works again, and the other source happens to be asked first.
		"OwnNetworkAgain": {both, 200, schedule{once(0, active(1, 7)), asked(1, 1, 106, 10), asked(2, 2, 106, 60), unanswered(1, 107, 142), unanswered(2, 107, 140), asked(2, 144, 200, 60), asked(1, 146, 200, 10)},
			bothUp + "135: source 1 suspect: no report or play for 34 s\n145: source 1 down: no report or play for 44 s\n" +
				"176: source 1 up: reports or plays were clean for 30 s"},
		"HostDies": {both, 160, schedule{once(0, active(1, 7)), asked(1, 1, 106, 10), unanswered(1, 107, 160), asked(2, 2, 160, 10)},
			bothUp + "135: source 1 suspect: no report or play for 34 s\n145: source 1 down: no report or play for 44 s\n145: " + silent44},
		"DeadBeforeTheStart": {both, 30, schedule{once(0, active(1, 7)), once(3, decision.Life{Source: 1, Reports: decision.Words{Count: 9, Ago: time.Hour}}), asked(2, 2, 30, 10)},
			"2: source 2 up: reports or plays arrive\n3: source 1 down: no report or play for 3600 s\n10: 1→2, epoch 7: source 1 is down: no report or play for 3600 s"},
		"NeverHeard": {both, 230, schedule{once(0, active(1, 7)), asked(2, 2, 230, 10), unanswered(1, 1, 230)},
			"2: source 2 up: reports or plays arrive\n219: source 1 down: no report or play since the monitor started\n219: 1→2, epoch 7: source 1 is down: no report or play since the monitor started"},
		"Relayed": {quiet([]int{1, 2}, 1, 2), 60, schedule{once(0, active(1, 7)), asked(1, 1, 60, 10), asked(2, 2, 60, 10), beats(1, 30, 40)},
			bothUp + "42.5: source 1 suspect: no heartbeat for 2.5 s\n44.5: source 1 down: no heartbeat for 4.5 s\n" +
				"48.5: 1→2, epoch 7: source 1 is down: no heartbeat for 4.5 s"},
		"Fallback": {both, 260, schedule{once(0, active(1, 7)), asked(1, 1, 300, 10), asked(2, 2, 300, 10), said(100, 240, decision.Health{Source: 1, Healthy: true, Fallback: true}), said(250, 250, decision.Health{Source: 1, Healthy: true})},
			bothUp + "220: source 1 suspect: it has played fallback for 120 s\n220: 1→2, epoch 7: source 1 is sick: it has played fallback for 120 s\n250: source 1 up: reports or plays arrive"},
		"FallbackOff": {off, 260, schedule{once(0, active(1, 7)), asked(1, 1, 300, 10), asked(2, 2, 300, 10), said(100, 240, decision.Health{Source: 1, Healthy: true, Fallback: true})}, strings.TrimSpace(bothUp)},
		"FallbackEnds": {both, 260, schedule{once(0, active(1, 7)), asked(1, 1, 300, 10), asked(2, 2, 300, 10),
			said(100, 210, decision.Health{Source: 1, Healthy: true, Fallback: true}), once(215, decision.Health{Source: 1, Healthy: true, At: at(215)}),
			said(220, 260, decision.Health{Source: 1, Healthy: true, Fallback: true})}, strings.TrimSpace(bothUp)},
		// Time alone makes no source sick, and a record that is shown again neither.
		"OneRecord": {both, 400, schedule{once(0, active(1, 7)), asked(1, 1, 400, 10), asked(2, 2, 400, 10),
			once(100, decision.Health{Source: 1, Healthy: true, Silence: true, At: at(100)}), once(300, decision.Health{Source: 1, Healthy: true, Silence: true, At: at(100)})}, strings.TrimSpace(bothUp)},
		"OwnWord": {both, 230, schedule{once(0, active(1, 7)), asked(1, 1, 300, 10), asked(2, 2, 300, 10), said(100, 230, decision.Health{Source: 1})},
			bothUp + "100: source 1 suspect: the engine says that it is sick, although reports or plays arrive\n220: 1→2, epoch 7: source 1 is sick: the engine has said for 120 s that it is sick"},
		// An engine that sends heartbeats would end them if it was sick.
		"OwnWordWithHeartbeats": {defaults(1, 2), 139, schedule{once(0, active(1, 7)), beats(1, 1, 139), beats(2, 1, 139), said(100, 139, decision.Health{Source: 1})},
			"1: source 1 up: heartbeats arrive\n1: source 2 up: heartbeats arrive\n100: source 1 suspect: the engine says that it is sick, although heartbeats arrive\n" +
				"130: source 1 up: heartbeats arrive\n130: source 1 suspect: the engine says that it is sick, although heartbeats arrive"},
		"SilenceWithHeartbeats": {defaults(1, 2), 225, schedule{once(0, active(1, 7)), beats(1, 1, 225), beats(2, 1, 225), said(100, 225, decision.Health{Source: 1, Healthy: true, Silence: true})},
			"1: source 1 up: heartbeats arrive\n1: source 2 up: heartbeats arrive\n220: source 1 suspect: it has sent silence for 120 s\n220: 1→2, epoch 7: source 1 is sick: it has sent silence for 120 s"},
		// All sources lack the programme: nothing is better elsewhere, until one dies.
		"AllPlayFallback": {both, 400, schedule{once(0, active(1, 7)), asked(1, 1, 400, 10, [2]float64{305, never}), asked(2, 2, 400, 10),
			said(100, 300, decision.Health{Source: 1, Healthy: true, Fallback: true}), said(100, 400, decision.Health{Source: 2, Healthy: true, Fallback: true})},
			bothUp + "220: source 1 suspect: it has played fallback for 120 s\n220: 1→2, epoch 7: source 1 is sick: it has played fallback for 120 s\n" +
				"220: source 2 suspect: it has played fallback for 120 s\n220: alarm true: source 2 is active and sick, and no other source is up: it has played fallback for 120 s\n" +
				"345: source 1 down: no report or play for 44 s"},
		"Check": {both, 300, schedule{once(0, active(1, 7)), asked(1, 1, 300, 10), asked(2, 2, 300, 10),
			checks(1, 100, 180, decision.Critical), checks(1, 200, 200, decision.Unknown), checks(1, 220, 240, decision.Critical), checks(1, 250, 300, decision.Warning)},
			bothUp + "220: source 1 suspect: the check has failed for 120 s: CRITICAL\n220: 1→2, epoch 7: source 1 is sick: the check has failed for 120 s: CRITICAL\n250: source 1 up: reports or plays arrive"},
		"Pinned": {both, 230, schedule{once(0, decision.Authority{Active: 1, Epoch: 7, Pinned: true}), asked(1, 1, 300, 10), asked(2, 2, 300, 10), checks(1, 100, 230, decision.Critical)},
			bothUp + "220: source 1 suspect: the check has failed for 120 s: CRITICAL\n220: alarm true: source 1 is pinned and sick: the check has failed for 120 s: CRITICAL"},
		"SickMaintenance": {both, 230, schedule{once(0, active(1, 7)), once(50, decision.Maintenance{Source: 1, On: true}), asked(1, 1, 300, 10), asked(2, 2, 300, 10), checks(1, 100, 230, decision.Critical)},
			bothUp + "220: source 1 suspect: the check has failed for 120 s: CRITICAL"},
		"SwitchedJustNow": {both, 260, schedule{once(0, active(2, 7)), asked(1, 1, 300, 10), asked(2, 2, 300, 10), checks(1, 100, 260, decision.Critical), once(215, active(1, 8))},
			bothUp + "220: source 1 suspect: the check has failed for 120 s: CRITICAL\n245: 1→2, epoch 8: source 1 is sick: the check has failed for 140 s: CRITICAL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, got := play(c.cfg, c.until, c.schedule...); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// checks are outcomes of a plugin, one every twenty seconds.
func checks(source int, from, to float64, outcome decision.Outcome) []happening {
	var all []happening
	for t := from; t <= to; t += 20 {
		all = append(all, happening{t, decision.Check{Source: source, Outcome: outcome, Line: outcome.String()}})
	}
	return all
}

// TestHeartbeats_Numbered: what numbers miss was lost, and a silence without
// missing numbers was none.
func TestHeartbeats_Numbered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		last decision.Heartbeat
		want int
	}{
		"Missing": {decision.Heartbeat{Source: 1, Numbered: true, Missing: 3}, 3},
		"NotSent": {decision.Heartbeat{Source: 1, Numbered: true}, 0},
		"Plain":   {decision.Heartbeat{Source: 1}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := play(defaults(1), 20, once(0, active(1, 7)), beats(1, 1, 10), once(13, decision.Heartbeats{c.last}))
			if got := s.Sources()[0].Lost; got != c.want {
				t.Errorf("%d are lost, want %d", got, c.want)
			}
		})
	}
}

// TestPromise: the words follow what is known.
func TestPromise(t *testing.T) {
	t.Parallel()
	promise := func(until float64, schedule ...[]happening) string {
		s, _ := play(quiet([]int{1}, 1), until, schedule...)
		return s.Sources()[0].Promise
	}
	for _, c := range []struct {
		got, want string
	}{
		{promise(1), "watched by health reports and plays, until a heartbeat arrives: down after 219 s of silence, or sooner once the interval of the reports is learned (44 s if it is 10 s)"},
		{promise(100, asked(1, 1, 100, 20)), "watched by health reports, about every 20 s, and plays: down after 79 s of silence"},
		{promise(100, asked(1, 1, 100, 2)), "watched by health reports, about every 10 s, and plays: down after 44 s of silence"},
		{promise(100, asked(1, 1, 90, 20), beats(1, 90, 100)), "watched by heartbeats, every 1 s: down after 4.5 s of silence"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}
