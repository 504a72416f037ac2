package decision_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/services/status-monitor/internal/decision"
)

// noon is when every monitor of these tests starts.
var noon = time.Date(2020, 6, 27, 12, 0, 0, 0, time.UTC)

// at is so many seconds after noon.
func at(seconds float64) time.Time {
	return noon.Add(time.Duration(seconds * float64(time.Second)))
}

// defaults is the configuration of a station that configures only its sources.
func defaults(watched ...int) decision.Config {
	cfg := loaded()
	cfg.Watched = watched
	return cfg
}

// loaded is read once: a million histories begin with it.
var loaded = sync.OnceValue(func() (cfg decision.Config) {
	if err := config.Load(&cfg, nil); err != nil {
		panic(err)
	}
	return cfg
})

// happening is an event of a schedule.
type happening struct {
	at float64 // seconds after noon
	e  decision.Event
}

func beat(source, count int) decision.Event {
	return decision.Heartbeats{{Source: source, Count: count}}
}

// beats are heartbeats of a source, one a second, from one second to another,
// both included.
func beats(source int, from, to float64) []happening {
	var all []happening
	for t := from; t <= to; t++ {
		all = append(all, happening{t, beat(source, 1)})
	}
	return all
}

func once(at float64, e decision.Event) []happening { return []happening{{at, e}} }

func active(source int, epoch int64) decision.Authority {
	return decision.Authority{Active: source, Epoch: epoch}
}

// nobody is a standby that does not know whether another monitor acts.
func nobody(why string) decision.Standby { return decision.Standby{On: true, Why: why} }

// without leaves out what happens in those seconds.
func without(schedule []happening, seconds ...float64) []happening {
	return slices.DeleteFunc(schedule, func(h happening) bool { return slices.Contains(seconds, h.at) })
}

// play runs a monitor through a schedule until a second, with a tick whenever it
// wants one, and returns what it did.
func play(cfg decision.Config, until float64, schedule ...[]happening) (decision.State, string) {
	s := decision.New(cfg, noon)
	var log []string
	step := func(e decision.Event, now time.Time) {
		var actions []decision.Action
		s, actions = s.Step(e, now)
		for _, a := range actions {
			log = append(log, text(a))
		}
	}
	all := slices.Concat(schedule...)
	slices.SortStableFunc(all, func(a, b happening) int { return cmp.Compare(a.at, b.at) })
	tickUntil := func(limit time.Time) {
		for next := s.Next(); !next.IsZero() && next.Before(limit); next = s.Next() {
			step(decision.Tick{}, next)
		}
	}
	for _, h := range all {
		tickUntil(at(h.at))
		step(h.e, at(h.at))
	}
	tickUntil(at(until))
	return s, strings.Join(log, "\n")
}

// text is an action with the second after noon in which it happened.
func text(a decision.Action) string {
	second := func(t time.Time) float64 { return t.Sub(noon).Seconds() }
	switch a := a.(type) {
	case decision.Activate:
		return fmt.Sprintf("%g: %d→%d, epoch %d: %s", second(a.At), a.From, a.Source, a.Epoch, a.Reason)
	case decision.Alarm:
		return fmt.Sprintf("%g: alarm %t: %s", second(a.At), a.Raised, a.Reason)
	case decision.Changed:
		return fmt.Sprintf("%g: source %d %s: %s", second(a.At), a.Source, a.To, a.Reason)
	}
	panic(a)
}

// TestStep has every case of the package's documentation. Most begin with a
// start at which both engines are heard in the first second.
func TestStep(t *testing.T) {
	t.Parallel()
	type schedule = [][]happening
	const started = "1: source 1 up: heartbeats arrive\n1: source 2 up: heartbeats arrive\n"
	const cut = started + "22.5: source 1 suspect: no heartbeat for 2.5 s\n24.5: source 1 down: no heartbeat for 4.5 s\n" +
		"24.5: 1→2, epoch 7: source 1 is down: no heartbeat for 4.5 s\n"
	two, preferring, three := defaults(1, 2), defaults(1, 2), defaults(1, 2, 3)
	preferring.PreferDefault = true
	for name, c := range map[string]struct {
		cfg      decision.Config
		until    float64
		schedule schedule
		want     string
	}{
		"AllWell": {two, 100, schedule{once(0, active(1, 7)), beats(1, 1, 100), beats(2, 1, 100)}, started},
		"Switch":  {two, 60, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 60)}, cut},
		"AtTheLastMoment": {two, 60, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(1, 24.5, 60), beats(2, 1, 60)},
			started + "22.5: source 1 suspect: no heartbeat for 2.5 s\n24.5: source 1 up: heartbeats arrive"},
		"OneLost": {two, 60, schedule{once(0, active(1, 7)), without(beats(1, 1, 60), 20, 30, 40), beats(2, 1, 60)}, started},
		"TwoLostInARow": {two, 60, schedule{once(0, active(1, 7)), without(beats(1, 1, 60), 20, 21), beats(2, 1, 60)},
			started + "21.5: source 1 suspect: no heartbeat for 2.5 s\n22: source 1 up: heartbeats arrive"},
		"LossMakesPatient": {two, 60, schedule{once(0, active(1, 7)), without(beats(1, 1, 20), 10, 15), beats(2, 1, 60)},
			started + "22.5: source 1 suspect: no heartbeat for 2.5 s\n" +
				"26.5: source 1 down: no heartbeat for 6.5 s, longer than 2 lost heartbeats before explain\n" +
				"26.5: 1→2, epoch 7: source 1 is down: no heartbeat for 6.5 s, longer than 2 lost heartbeats before explain"},
		"LossIsForgotten": {two, 100, schedule{once(0, active(1, 7)), without(beats(1, 1, 80), 15), beats(2, 1, 100)},
			strings.NewReplacer("22.5", "82.5", "24.5", "84.5").Replace(cut)},
		"Coalesced": { // the heartbeats of 11 to 13 arrive together, which does no harm
			two, 60, schedule{once(0, active(1, 7)), without(beats(1, 1, 20), 11, 12, 13), once(13, beat(1, 3)), beats(2, 1, 60)},
			started + "12.5: source 1 suspect: no heartbeat for 2.5 s\n13: source 1 up: heartbeats arrive\n" + strings.TrimPrefix(cut, started)},

		"NoneUp": {two, 100, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 20.5)},
			started + "22.5: source 1 suspect: no heartbeat for 2.5 s\n22.5: source 2 suspect: no heartbeat for 2.5 s\n" +
				"24.5: source 1 down: no heartbeat for 4.5 s\n24.5: source 2 down: no heartbeat for 4.5 s\n" +
				"24.5: alarm true: source 1 is active and down, and no other source is up: no heartbeat for 4.5 s"},
		"AllComeBack": { // the other one is up first
			two, 100, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 20), beats(2, 40.1, 100), beats(1, 40.9, 100)},
			started + "22.5: source 1 suspect: no heartbeat for 2.5 s\n22.5: source 2 suspect: no heartbeat for 2.5 s\n" +
				"24.5: source 1 down: no heartbeat for 4.5 s\n24.5: source 2 down: no heartbeat for 4.5 s\n" +
				"24.5: alarm true: source 1 is active and down, and no other source is up: no heartbeat for 4.5 s\n" +
				"70.1: source 2 up: heartbeats were clean for 30 s\n70.9: source 1 up: heartbeats were clean for 30 s\n" +
				"70.9: alarm false: source 1 is active and up"},
		"OtherComesBackAlone": {two, 100, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 20), beats(2, 40, 100)},
			started + "22.5: source 1 suspect: no heartbeat for 2.5 s\n22.5: source 2 suspect: no heartbeat for 2.5 s\n" +
				"24.5: source 1 down: no heartbeat for 4.5 s\n24.5: source 2 down: no heartbeat for 4.5 s\n" +
				"24.5: alarm true: source 1 is active and down, and no other source is up: no heartbeat for 4.5 s\n" +
				"70: source 2 up: heartbeats were clean for 30 s\n70: 1→2, epoch 7: source 1 is down: no heartbeat for 4.5 s\n" +
				"70: alarm false: source 2 is active and up"},

		"StaysAfterRecovery": {two, 200, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(1, 50, 200), beats(2, 1, 200)},
			cut + "80: source 1 up: heartbeats were clean for 30 s"},
		"OneLostInTheHold": {two, 200, schedule{once(0, active(1, 7)), beats(1, 1, 20), without(beats(1, 50, 200), 60), beats(2, 1, 200)},
			cut + "80: source 1 up: heartbeats were clean for 30 s"},
		"TwoLostInTheHold": {two, 200, schedule{once(0, active(1, 7)), beats(1, 1, 20), without(beats(1, 50, 200), 60, 61), beats(2, 1, 200)},
			cut + "92: source 1 up: heartbeats were clean for 30 s"},
		"GapInTheHoldNobodySaw": { // it ends before a tick could tell
			two, 200, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(1, 50, 60), beats(1, 62.5, 200), beats(2, 1, 200)},
			cut + "92.5: source 1 up: heartbeats were clean for 30 s"},
		"FlappingDoublesTheHold": {two, 1000, schedule{once(0, active(2, 7)), beats(1, 1, 20), beats(2, 1, 1000),
			beats(1, 30, 65), beats(1, 100, 165), beats(1, 200, 321), beats(1, 400, 645), beats(1, 650, 1000)},
			started + down(1, 20) + "60: source 1 up: heartbeats were clean for 30 s\n" +
				down(1, 65) + "160: source 1 up: heartbeats were clean for 60 s\n" +
				down(1, 165) + "320: source 1 up: heartbeats were clean for 120 s\n" +
				down(1, 321) + "640: source 1 up: heartbeats were clean for 240 s\n" +
				down(1, 645) + "950: source 1 up: heartbeats were clean for 300 s"},
		"CalmStartsOver": {two, 1000, schedule{once(0, active(2, 7)), beats(1, 1, 20), beats(2, 1, 1000),
			beats(1, 30, 65), beats(1, 100, 461), beats(1, 500, 1000)},
			started + down(1, 20) + "60: source 1 up: heartbeats were clean for 30 s\n" +
				down(1, 65) + "160: source 1 up: heartbeats were clean for 60 s\n" +
				down(1, 461) + "530: source 1 up: heartbeats were clean for 30 s"},
		"ThirdSource": {three, 60, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 24), beats(3, 1, 60)},
			"1: source 1 up: heartbeats arrive\n1: source 2 up: heartbeats arrive\n1: source 3 up: heartbeats arrive\n" +
				down(1, 20) + "24.5: 1→2, epoch 7: source 1 is down: no heartbeat for 4.5 s\n" +
				down(2, 24) + "28.5: 2→3, epoch 7: source 2 is down: no heartbeat for 4.5 s"},
		"APIAnswersGoesFirst": {three, 60, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 60), beats(3, 1, 60),
			once(10, decision.Probe{Source: 2, Failure: "connection refused"}), once(10, decision.Probe{Source: 3})},
			"1: source 1 up: heartbeats arrive\n1: source 2 up: heartbeats arrive\n1: source 3 up: heartbeats arrive\n" +
				down(1, 20) + "24.5: 1→3, epoch 7: source 1 is down: no heartbeat for 4.5 s"},

		"SickAndSilent": {two, 60, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 60), once(20.2, decision.Health{Source: 1, At: at(20)})},
			started + "20.2: source 1 suspect: the engine says that it is sick, although heartbeats arrive\n" +
				"22.5: source 1 down: the engine said that it is sick, and no heartbeat for 2.5 s\n" +
				"22.5: 1→2, epoch 7: source 1 is down: the engine said that it is sick, and no heartbeat for 2.5 s"},
		"SickWithHeartbeats": {two, 100, schedule{once(0, active(1, 7)), beats(1, 1, 100), beats(2, 1, 100),
			once(20.5, decision.Health{Source: 1, At: at(20)}), once(25, decision.Health{Source: 1, At: at(20)}), once(60, decision.Health{Source: 1, At: at(20)})},
			started + "20.5: source 1 suspect: the engine says that it is sick, although heartbeats arrive\n51: source 1 up: heartbeats arrive"},
		"SickAndWell": {two, 100, schedule{once(0, active(1, 7)), beats(1, 1, 100), beats(2, 1, 100),
			once(20.5, decision.Health{Source: 1, At: at(20)}), once(25.5, decision.Health{Source: 1, At: at(25), Healthy: true})},
			started + "20.5: source 1 suspect: the engine says that it is sick, although heartbeats arrive\n25.5: source 1 up: heartbeats arrive"},
		"ProbeAlone": {two, 100, schedule{once(0, active(1, 7)), beats(1, 1, 100), beats(2, 1, 100), once(20.5, decision.Probe{Source: 1, Failure: "refused"})}, started},

		"NotWatched":      {two, 100, schedule{once(0, active(3, 7)), beats(1, 1, 100), beats(2, 1, 100), beats(3, 1, 10)}, started},
		"NotWatchedStays": {preferring, 100, schedule{once(0, decision.Authority{Active: 3, Epoch: 7, Manual: true}), beats(1, 1, 100), beats(2, 1, 100)}, started},
		"NeverToUnwatched": {defaults(1), 60, schedule{once(0, active(1, 7)), beats(1, 1, 20)},
			"1: source 1 up: heartbeats arrive\n" + down(1, 20) + "24.5: alarm true: source 1 is active and down, and no other source is up: no heartbeat for 4.5 s"},

		"Pinned": {two, 100, schedule{once(0, decision.Authority{Active: 1, Epoch: 7, Pinned: true}), beats(1, 1, 20), beats(2, 1, 100)},
			started + down(1, 20) + "24.5: alarm true: source 1 is pinned and down: no heartbeat for 4.5 s"},
		"Released": {two, 100, schedule{once(0, decision.Authority{Active: 1, Epoch: 7, Pinned: true}), beats(1, 1, 20), beats(2, 1, 100), once(50, active(1, 8))},
			started + down(1, 20) + "24.5: alarm true: source 1 is pinned and down: no heartbeat for 4.5 s\n" +
				"50: 1→2, epoch 8: source 1 is down: no heartbeat for 4.5 s\n50: alarm false: source 2 is active and up"},
		"OperatorWantsWhatIsSilent": {two, 100, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 100), once(50, active(1, 8))},
			cut + "50: 1→2, epoch 8: source 1 is down: no heartbeat for 4.5 s"},
		"OperatorWantsWhatRecovers": {two, 70, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 70), beats(1, 45, 70), once(50, active(1, 8))}, cut},

		"OldAnswers": { // before the switch, after it, and one that is older still
			two, 60, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 60), once(15, active(2, 6)), once(25, active(1, 7)), once(26, active(2, 8)), once(27, active(1, 7))}, cut},
		"NewHistory": { // it undoes what was activated, and counts from there
			two, 60, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 60), once(30, decision.Authority{Active: 1, Epoch: 2, Pinned: true, Reset: true}),
				once(40, active(1, 1)), once(50, active(1, 3))},
			cut + "30: alarm true: source 1 is pinned and down: no heartbeat for 4.5 s\n" +
				"50: 1→2, epoch 3: source 1 is down: no heartbeat for 4.5 s\n50: alarm false: source 2 is active and up"},
		"SomebodyElseWasFaster": {two, 60, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 60), once(23, active(2, 8))},
			started + down(1, 20)},

		"TwoOnTheWay": { // the answer to the first comes after the second was decided
			two, 80, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 62), beats(1, 30, 80), once(68, active(2, 8)), once(70, active(1, 9))},
			cut + "60: source 1 up: heartbeats were clean for 30 s\n" + down(2, 62) + "66.5: 2→1, epoch 7: source 2 is down: no heartbeat for 4.5 s"},
		"Overtaken": {two, 60, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 60), once(30, decision.Overtaken{}), once(31, active(1, 7))},
			cut + "31: 1→2, epoch 7: source 1 is down: no heartbeat for 4.5 s"},
		"Undelivered": { // decided before a restart: not decided again
			two, 60, schedule{once(0, active(1, 7)), once(1, decision.Undelivered{Source: 2, Epoch: 7, Count: 1}), beats(2, 1, 60), once(20, active(1, 7)), once(40, active(2, 8))},
			"1: source 2 up: heartbeats arrive\n10: source 1 down: no heartbeat since the monitor started"},
		"UndeliveredAndOver": {two, 20, schedule{once(0, active(1, 9)), once(1, decision.Undelivered{Source: 2, Epoch: 7, Count: 1}), beats(2, 1, 20)},
			"1: source 2 up: heartbeats arrive\n10: source 1 down: no heartbeat since the monitor started\n" +
				"10: 1→2, epoch 9: source 1 is down: no heartbeat since the monitor started"},

		"Maintenance": {two, 60, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 60), once(10, decision.Maintenance{Source: 2, On: true}), once(40, decision.Maintenance{Source: 2})},
			started + down(1, 20) + "24.5: alarm true: source 1 is active and down, and no other source is up: no heartbeat for 4.5 s\n" +
				"40: 1→2, epoch 7: source 1 is down: no heartbeat for 4.5 s\n40: alarm false: source 2 is active and up"},
		"MaintenanceOfTheActive": {two, 60, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 60), once(10, decision.Maintenance{Source: 1, On: true})}, cut},
		"MaintenanceIsNoFlapping": {two, 200, schedule{once(0, active(2, 7)), beats(1, 1, 20), beats(2, 1, 200), beats(1, 30, 65), beats(1, 100, 200),
			once(62, decision.Maintenance{Source: 1, On: true}), once(90, decision.Maintenance{Source: 1})},
			started + down(1, 20) + "60: source 1 up: heartbeats were clean for 30 s\n" + down(1, 65) + "130: source 1 up: heartbeats were clean for 30 s"},

		"PreferDefault": {preferring, 100, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 100), beats(1, 30, 100)},
			cut + "60: source 1 up: heartbeats were clean for 30 s\n60: 2→1, epoch 7: the default source is up again"},
		"PreferDefaultAfterTheHold": {preferring, 100, schedule{once(0, active(2, 7)), beats(1, 1, 100), beats(2, 1, 100)},
			started + "30: 2→1, epoch 7: the default source is up again"},
		"PreferWhatAPersonChose": {preferring, 100, schedule{once(0, decision.Authority{Active: 2, Epoch: 7, Manual: true}), beats(1, 1, 100), beats(2, 1, 100)}, started},

		"StartGrace": { // down before it is over
			two, 60, schedule{once(0, active(1, 7)), beats(1, 1, 3), beats(2, 1, 60)},
			started + "5.5: source 1 suspect: no heartbeat for 2.5 s\n7.5: source 1 down: no heartbeat for 4.5 s\n" +
				"10: 1→2, epoch 7: source 1 is down: no heartbeat for 4.5 s"},
		"NeverHeard": {two, 60, schedule{once(0, active(1, 7)), beats(2, 1, 60)},
			"1: source 2 up: heartbeats arrive\n10: source 1 down: no heartbeat since the monitor started\n" +
				"10: 1→2, epoch 7: source 1 is down: no heartbeat since the monitor started"},
		"NobodySaysWhatIsActive": {two, 60, schedule{beats(1, 1, 20), beats(2, 1, 60), once(50, active(1, 7))},
			started + "10: alarm true: the active source is not known: the sync node has not answered since the start\n" + down(1, 20) +
				"50: 1→2, epoch 7: source 1 is down: no heartbeat for 4.5 s\n50: alarm false: source 2 is active and up"},
		"Standby": {two, 60, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 60), once(10, decision.Standby{On: true}), once(30, decision.Standby{})},
			started + down(1, 20) + "30: 1→2, epoch 7: source 1 is down: no heartbeat for 4.5 s"},
		"StandbyEndsTheAlarm": {two, 60, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 20), once(30, decision.Standby{On: true}), once(40, decision.Standby{})},
			started + "22.5: source 1 suspect: no heartbeat for 2.5 s\n22.5: source 2 suspect: no heartbeat for 2.5 s\n" +
				"24.5: source 1 down: no heartbeat for 4.5 s\n24.5: source 2 down: no heartbeat for 4.5 s\n" +
				"24.5: alarm true: source 1 is active and down, and no other source is up: no heartbeat for 4.5 s\n30: alarm false: another monitor acts now\n" +
				"40: alarm true: source 1 is active and down, and no other source is up: no heartbeat for 4.5 s"},
		"NobodyActs": { // another source is up, and begins to act
			two, 60, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 60), once(15, nobody("its lease ran out")), once(30, decision.Standby{On: true})},
			started + down(1, 20) + "24.5: alarm true: source 1 is active and down, and this monitor may not switch, because its lease ran out: no heartbeat for 4.5 s\n" +
				"30: alarm false: another monitor acts now"},
		"NobodyActsUntilItMay": {two, 60, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 60), once(15, nobody("its lease ran out")), once(30, decision.Standby{})},
			started + down(1, 20) + "24.5: alarm true: source 1 is active and down, and this monitor may not switch, because its lease ran out: no heartbeat for 4.5 s\n" +
				"30: 1→2, epoch 7: source 1 is down: no heartbeat for 4.5 s\n30: alarm false: source 2 is active and up"},
		"NobodyActsAnyMore": { // the alarm stays raised, for the reason at that time
			two, 100, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 20), once(30, nobody("its lease ran out")), beats(1, 40, 100)},
			started + "22.5: source 1 suspect: no heartbeat for 2.5 s\n22.5: source 2 suspect: no heartbeat for 2.5 s\n" +
				"24.5: source 1 down: no heartbeat for 4.5 s\n24.5: source 2 down: no heartbeat for 4.5 s\n" +
				"24.5: alarm true: source 1 is active and down, and no other source is up: no heartbeat for 4.5 s\n" +
				"70: source 1 up: heartbeats were clean for 30 s\n70: alarm false: source 1 is active and up"},
		"NobodyActsAndOneRecovers": { // the source can be heard when the other monitor is gone: no reason to wake anybody
			two, 60, schedule{once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 60), once(10, decision.Standby{On: true}), beats(1, 25, 60), once(30, nobody("its lease ran out"))},
			started + down(1, 20) + "55: source 1 up: heartbeats were clean for 30 s"},
		"NobodyActsAndPinned": {two, 60, schedule{once(0, decision.Authority{Active: 1, Epoch: 7, Pinned: true}), beats(1, 1, 20), beats(2, 1, 60), once(15, nobody("its lease ran out"))},
			started + down(1, 20) + "24.5: alarm true: source 1 is pinned and down: no heartbeat for 4.5 s"},
		"NotToldWhoMay": { // no alarm before the grace is over
			two, 60, schedule{once(0, nobody("the sync node is away")), once(0, active(1, 7)), beats(2, 1, 60), once(40, decision.Standby{On: true})},
			"1: source 2 up: heartbeats arrive\n10: source 1 down: no heartbeat since the monitor started\n" +
				"10: alarm true: source 1 is active and down, and this monitor may not switch, because the sync node is away: no heartbeat since the monitor started\n" +
				"40: alarm false: another monitor acts now"},
		"NotToldWhoMayInTime": {two, 60, schedule{once(0, nobody("the sync node is away")), once(0, active(1, 7)), beats(2, 1, 60), once(9.9, decision.Standby{On: true})},
			"1: source 2 up: heartbeats arrive\n10: source 1 down: no heartbeat since the monitor started"},
		"NotToldAnything": {two, 60, schedule{once(0, nobody("the sync node is away")), beats(1, 1, 60), beats(2, 1, 60), once(40, active(1, 7))},
			started + "10: alarm true: the active source is not known: the sync node has not answered since the start\n40: alarm false: source 1 is active and up"},
		"OnlyToldThatAnotherActs": {two, 60, schedule{once(0, decision.Standby{On: true}), beats(1, 1, 60), beats(2, 1, 60)}, started},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, got := play(c.cfg, c.until, c.schedule...); got != strings.TrimSuffix(c.want, "\n") {
				t.Errorf("got\n%s\n\nwant\n%s", got, c.want)
			}
		})
	}
}

// down are the words for a source that loses nothing and falls silent after a
// second.
func down(source int, last float64) string {
	return fmt.Sprintf("%g: source %d suspect: no heartbeat for 2.5 s\n%g: source %d down: no heartbeat for 4.5 s\n", last+2.5, source, last+4.5, source)
}

// TestStep_Slept: a monitor that was not asked for a minute does not take that
// for the silence of its sources, whatever it learns first.
func TestStep_Slept(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]decision.Event{
		"Tick": decision.Tick{}, "Heartbeat": beat(2, 60),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := play(defaults(1, 2), 20, once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 20))
			s, actions := s.Step(first, at(82.5))
			if len(actions) > 0 {
				t.Error(text(actions[0]))
			}
			// From here on silence counts again. Of the silence noticed before, half an
			// interval is left out for the heartbeats that wait in the socket.
			s, _ = s.Step(beat(2, 1), at(83))
			var last string
			for next := s.Next(); next.Before(at(85.1)); next = s.Next() {
				s, actions = s.Step(decision.Tick{}, next)
				last = text(actions[len(actions)-1])
			}
			if want := "85: 1→2, epoch 7: source 1 is down: no heartbeat for 4.5 s"; last != want {
				t.Errorf("got %s, want %s", last, want)
			}
		})
	}
}

// TestStep_AlarmSaysWhy: a raised alarm goes on when this monitor may no longer
// act, and says so.
func TestStep_AlarmSaysWhy(t *testing.T) {
	t.Parallel()
	s, _ := play(defaults(1), 40, once(0, active(1, 7)), beats(1, 1, 20), once(30, nobody("its lease ran out")))
	if got, want := s.Alarm(), "source 1 is active and down, and this monitor may not switch, because its lease ran out: no heartbeat for 4.5 s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStep_TimeRunsBackwards(t *testing.T) {
	t.Parallel()
	s, _ := play(defaults(1, 2), 20, once(0, active(1, 7)), beats(1, 1, 20), beats(2, 1, 20))
	next := s.Next()
	s, actions := s.Step(decision.Tick{}, at(-1000))
	if len(actions) != 0 || !s.Next().Equal(next) {
		t.Errorf("%v, next %v; want none, %v", actions, s.Next(), next)
	}
}

func TestView(t *testing.T) {
	t.Parallel()
	s, _ := play(defaults(1, 2), 50, once(0, active(1, 7)), beats(1, 1, 20), without(beats(2, 1, 50), 45),
		beats(1, 40, 50), once(48, decision.Probe{Source: 1, Failure: "refused"}), once(48, decision.Maintenance{Source: 1, On: true}),
		once(49, decision.Health{Source: 2, At: at(49)}))
	want := []decision.Source{
		{
			Number: 1, Condition: decision.Down, Since: at(24.5), Reason: "no heartbeat for 4.5 s", Heard: at(50),
			DownAfter: 4500 * time.Millisecond, Recovering: at(40), UpAt: at(70), Probed: true, ProbeFailure: "refused", Maintenance: true,
			Beats: true, Interval: interval, Promise: "watched by heartbeats, every 1 s: down after 4.5 s of silence",
		},
		{
			Number: 2, Condition: decision.Suspect, Since: at(49), Reason: "the engine says that it is sick, although heartbeats arrive",
			Heard: at(50), Lost: 1, DownAfter: 2500 * time.Millisecond, Sick: true,
			Beats: true, Interval: interval, Promise: "watched by heartbeats, every 1 s: down after 5.5 s of silence",
		},
	}
	if got := s.Sources(); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got, want := s.Active(), (decision.Active{Known: true, Source: 2, Epoch: 7, Unconfirmed: true, Expected: 8}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if grace, standby := s.Watching(); !grace.IsZero() || standby || s.Alarm() != "" {
		t.Error(grace, standby, s.Alarm())
	}
	for _, standby := range []decision.Standby{{On: true}, nobody("its lease ran out")} { // the monitor does not act either way
		if now, _ := s.Step(standby, at(50)); !watches(now) {
			t.Errorf("acts, though %+v", standby)
		}
	}
	grace, _ := decision.New(defaults(1), noon).Watching()
	if !grace.Equal(at(10)) {
		t.Error(grace)
	}
}

func watches(s decision.State) bool {
	_, standby := s.Watching()
	return standby
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for variable, value := range map[string]string{
		"HEARTBEAT_INTERVAL": "0", "HEARTBEAT_TIMEOUT": "2.9", "HEARTBEAT_TIMEOUT_MAX": "3.9", "RECOVERY_HOLD": "0.5",
		"RECOVERY_HOLD_MAX": "29", "START_GRACE": "3", "DEFAULT_SOURCE": "-1", "SICK_AFTER": "9",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			err := config.Load(new(decision.Config), map[string]string{"AURA_" + variable: value})
			if err == nil || !strings.HasPrefix(err.Error(), "AURA_"+variable+"=") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
		})
	}
}

// BenchmarkStep is one heartbeat among that many sources.
func BenchmarkStep(b *testing.B) {
	for _, sources := range []int{2, 1000} {
		b.Run(fmt.Sprint(sources), func(b *testing.B) {
			var numbers []int
			for n := range sources {
				numbers = append(numbers, n+1)
			}
			s, _ := decision.New(defaults(numbers...), noon).Step(active(1, 7), noon)
			now := noon
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				now = now.Add(interval / time.Duration(sources))
				s, _ = s.Step(beat(1+i%sources, 1), now)
			}
		})
	}
}
