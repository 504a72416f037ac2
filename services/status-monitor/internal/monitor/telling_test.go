package monitor

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/services/status-monitor/internal/act"
	"aura.radio/engine/services/status-monitor/internal/decision"
)

// records adds activations to the sync node's history, each with the next epoch,
// and tells the monitor. Without a name it is a person's.
func (s *station) records(epoch int64, by string, sources ...int) {
	for i, source := range sources {
		s.history = append(s.history, model.Activation{
			Epoch: epoch + int64(i), Source: source, From: time.Now(), By: by, Reason: "studio",
		})
	}
	s.answer()
}

// answer tells what the history says.
func (s *station) answer() {
	last := s.history[len(s.history)-1]
	s.by = last.By
	s.Learn(decision.Authority{Active: last.Source, Epoch: last.Epoch, Manual: last.By == person})
}

const (
	person = "M. Tester"
	own    = "status-monitor a"
)

// following is a monitor that acts, and whose receivers know of source 1, epoch 7.
func following(t *testing.T) *station {
	t.Helper()
	s := start(t, func(s *station) { s.actor.asserted = 1 })
	s.records(7, own, 1)
	s.pass(15)
	s.answer() // as the sync node does all the time
	s.pass(1)
	s.expect(t, doings)
	return s
}

func (s *station) remembers(t *testing.T, want act.Told) {
	t.Helper()
	if got, _ := s.actor.Told(); got != want {
		t.Errorf("remembers %+v, want %+v", got, want)
	}
}

func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, f)
	})
}

// TestMonitor_EachSwitch: the receivers hear of each change, in order, also of
// those that were over when the monitor looked.
func TestMonitor_EachSwitch(t *testing.T) {
	t.Parallel()

	bubble(t, "TakenBack", func(t *testing.T) { // an operator activates a source that is down
		s := following(t)
		s.alive[1] = false
		s.pass(10)
		s.expect(t, doings)
		s.records(8, person, 2)
		synctest.Wait()
		s.expect(t, doings, "activate 1 after 2, epoch 8", "switched to 2 from 1 by M. Tester: studio",
			"switched to 1 from 2 by status-monitor a: source 2 is down: no heartbeat for 4.5 s")
		s.remembers(t, act.Told{Epoch: 8, Source: 2, Own: 9})
		s.records(9, own+" (token-a)", 1)
		s.pass(5)
		s.expect(t, doings)
		s.remembers(t, act.Told{Epoch: 9, Source: 1, Own: 9})
	})

	bubble(t, "Over", func(t *testing.T) {
		s := following(t)
		s.records(8, person, 2, 1, 1, 2, 1)
		s.pass(1)
		s.expect(t, doings, "switched to 2 from 1 by M. Tester: studio", "switched to 1 from 2 by M. Tester: studio",
			"switched to 2 from 1 by M. Tester: studio", "switched to 1 from 2 by M. Tester: studio")
		s.remembers(t, act.Told{Epoch: 12, Source: 1})
	})

	bubble(t, "ToldLate", func(t *testing.T) { // it changes only the past
		s := following(t)
		s.history = append(s.history, model.Activation{Epoch: 8, Source: 2, From: time.Now().Add(-time.Hour), By: person})
		s.Learn(decision.Authority{Active: 1, Epoch: 8})
		s.pass(1)
		s.expect(t, doings)
		s.remembers(t, act.Told{Epoch: 8, Source: 1})
	})

	// The history does not come with the answer: what is active is told at once, and
	// the rest when it is known, without a command.
	bubble(t, "HistoryLacks", func(t *testing.T) {
		s := following(t)
		s.by = ""
		s.Learn(decision.Authority{Active: 2, Epoch: 10, Manual: true})
		s.pass(1)
		s.expect(t, doings, "switched to 2 from 1 by : because")
		s.remembers(t, act.Told{Epoch: 7, Source: 1})
		s.records(8, person, 2, 1, 2)
		s.pass(1)
		s.expect(t, doings, "told of 1 from 2 by M. Tester: studio", "told of 2 from 1 by M. Tester: studio")
		s.remembers(t, act.Told{Epoch: 10, Source: 2})
		s.records(11, person, 1)
		s.pass(1)
		s.expect(t, doings, "switched to 1 from 2 by M. Tester: studio")
	})

	// The history is newer than the answer: what the answer does not know is told
	// with the next one.
	bubble(t, "HistoryNewer", func(t *testing.T) {
		s := following(t)
		s.history = append(s.history, model.Activation{Epoch: 8, Source: 2, From: time.Now(), By: person, Reason: "studio"})
		s.Learn(decision.Authority{Active: 1, Epoch: 7})
		s.pass(1)
		s.expect(t, doings)
		s.answer()
		s.pass(1)
		s.expect(t, doings, "switched to 2 from 1 by M. Tester: studio")
	})

	bubble(t, "Overtaken", func(t *testing.T) { // somebody else was faster than our decision
		s := following(t)
		s.alive[0] = false
		s.pass(5)
		s.expect(t, doings, "activate 2 after 1, epoch 7", "switched to 2 from 1 by status-monitor a: source 1 is down: no heartbeat for 4.5 s")
		s.Learn(decision.Overtaken{})
		s.records(8, person, 9, 2)
		s.pass(1)
		s.expect(t, doings, "switched to 9 from 2 by M. Tester: studio", "switched to 2 from 9 by M. Tester: studio")
		s.remembers(t, act.Told{Epoch: 9, Source: 2, Own: 8})
	})

	bubble(t, "NewHistory", func(t *testing.T) { // the sync node lost its database
		s := following(t)
		s.history = nil
		s.Learn(decision.Authority{Active: 1, Epoch: 0, Reset: true})
		s.pass(1)
		s.records(1, person, 2, 1)
		s.pass(1)
		s.expect(t, doings, "switched to 2 from 1 by M. Tester: studio", "switched to 1 from 2 by M. Tester: studio")
	})
}

// TestMonitor_Absence: what changed while nobody told it is told afterwards. The
// command runs only for what is active.
func TestMonitor_Absence(t *testing.T) {
	t.Parallel()
	told := []string{"told", "switched"}

	bubble(t, "Restart", func(t *testing.T) {
		s := start(t, func(s *station) { s.actor.told = &act.Told{Epoch: 7, Source: 1} })
		s.Learn(decision.Standby{On: true, Why: "nobody said who may"})
		s.records(7, own, 1)
		s.records(8, person, 2, 1, 2)
		s.Learn(decision.Standby{})
		s.pass(1)
		s.expect(t, told, "told of 2 from 1 by M. Tester: studio", "told of 1 from 2 by M. Tester: studio", "switched to 2 from 1 by M. Tester: studio")
		s.remembers(t, act.Told{Epoch: 10, Source: 2})
	})

	bubble(t, "RemembersLess", func(t *testing.T) { // what the sync node said was stored later than what was told
		s := start(t, func(s *station) { s.actor.told = &act.Told{Epoch: 8, Source: 2} })
		s.Learn(decision.Standby{On: true, Why: "nobody said who may"})
		s.records(7, own, 1)
		s.pass(1)
		s.records(8, person, 2, 1)
		s.Learn(decision.Standby{})
		s.pass(1)
		s.expect(t, told, "switched to 1 from 2 by M. Tester: studio")
	})

	bubble(t, "SyncNodeAway", func(t *testing.T) { // for longer than a minute
		s := following(t)
		s.pass(120)
		s.records(8, person, 2, 1, 2)
		s.pass(1)
		s.expect(t, told, "told of 2 from 1 by M. Tester: studio", "told of 1 from 2 by M. Tester: studio", "switched to 2 from 1 by M. Tester: studio")
	})

	bubble(t, "OwnDecisions", func(t *testing.T) { // they were told when they were made
		s := start(t, func(s *station) {
			s.actor.told, s.actor.asserted = &act.Told{Epoch: 7, Source: 1, Own: 9}, 1
		})
		s.records(7, person, 1)
		s.records(8, own, 2, 1)
		s.pass(1)
		s.expect(t, told)
		s.remembers(t, act.Told{Epoch: 9, Source: 1, Own: 9})
	})

	bubble(t, "Bound", func(t *testing.T) { // no more is known than the newest activations
		s := start(t, func(s *station) { s.actor.told, s.actor.asserted = &act.Told{Epoch: 7, Source: 1}, 1 })
		s.records(50, person, 2, 1)
		s.pass(1)
		s.expect(t, told, "told of 2 from 1 by M. Tester: studio", "told of 1 from 2 by M. Tester: studio")
	})

	bubble(t, "FirstStart", func(t *testing.T) { // the history before it is nobody's business
		s := start(t, nil)
		s.records(1, person, 2, 1, 2)
		s.pass(1)
		s.expect(t, told, "switched to 2 from 0 by M. Tester: because")
		s.remembers(t, act.Told{Epoch: 3, Source: 2})
	})

	// The other monitor tells what it can. This one tells the rest: what it learned
	// less than a minute before it began to act.
	bubble(t, "TakeOver", func(t *testing.T) {
		s := following(t)
		s.Learn(decision.Standby{On: true})
		s.pass(1)
		s.records(8, person, 2)
		s.pass(50)
		s.remembers(t, act.Told{Epoch: 7, Source: 1})
		s.pass(15)
		s.remembers(t, act.Told{Epoch: 8, Source: 2})
		s.records(9, person, 1, 2)
		s.pass(30)
		s.expect(t, told)
		s.Learn(decision.Standby{})
		s.pass(1)
		s.expect(t, told, "told of 1 from 2 by M. Tester: studio", "switched to 2 from 1 by M. Tester: studio")
		s.remembers(t, act.Told{Epoch: 10, Source: 2})
	})

	bubble(t, "NobodyActed", func(t *testing.T) { // then all of it is told
		s := following(t)
		s.Learn(decision.Standby{On: true, Why: "its lease ran out"})
		s.pass(1)
		s.records(8, person, 2, 1)
		s.pass(600)
		s.expect(t, told)
		s.Learn(decision.Standby{})
		s.pass(1)
		s.expect(t, told, "told of 2 from 1 by M. Tester: studio", "switched to 1 from 2 by M. Tester: studio")
	})
}

// TestMonitor_EachSwitch_random: whatever happens between two looks, the receivers
// hear of each change once while the monitor runs.
func TestMonitor_EachSwitch_random(t *testing.T) {
	t.Parallel()
	for seed := range 20 {
		bubble(t, fmt.Sprint(seed), func(t *testing.T) {
			s := following(t)
			var want []string
			at, epoch := 1, int64(8)
			random := rand.New(rand.NewPCG(uint64(seed), 0)) //nolint:gosec // a test's
			for range 30 {
				var sources []int
				for range random.IntN(4) {
					source := random.IntN(2) + 1
					sources = append(sources, source)
					if source != at {
						want = append(want, fmt.Sprintf("switched to %d from %d by M. Tester: studio", source, at))
						at = source
					}
				}
				s.records(epoch, person, sources...)
				epoch += int64(len(sources))
				s.pass(1)
			}
			s.expect(t, doings, want...)
		})
	}
}
