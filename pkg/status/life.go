package status

import (
	"crypto/rand"
	"sync"
	"time"

	"aura.radio/engine/pkg/model"
)

// maxLives bounds how many sources are remembered. A node has one or two.
const maxLives = 64

// Lives knows when each source was last heard, from memory: it does not need the
// database, and no clock that is set changes its answers.
type Lives struct {
	start string
	now   func() time.Time // with a monotonic reading

	mu  sync.Mutex
	all map[int]*life
}

// life is what came from one source.
type life struct{ reports, plays words }

type words struct {
	count int64
	last  time.Time
}

// NewLives makes Lives that heard nothing yet.
func NewLives(now func() time.Time) *Lives {
	return &Lives{start: rand.Text(), now: now, all: map[int]*life{}}
}

// Reported notes a health report of the source that arrived now.
func (s *Lives) Reported(source int) { s.note(source, func(l *life) *words { return &l.reports }) }

// Played notes a play of the source that arrived now.
func (s *Lives) Played(source int) { s.note(source, func(l *life) *words { return &l.plays }) }

func (s *Lives) note(source int, kind func(*life) *words) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.all[source]
	if l == nil {
		if len(s.all) >= maxLives {
			return
		}
		l = new(life)
		s.all[source] = l
	}
	w := kind(l)
	w.count, w.last = w.count+1, now
}

// Of is what was heard of a source.
func (s *Lives) Of(source int) model.Life {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	heard := model.Life{Source: source, Start: s.start}
	if l := s.all[source]; l != nil {
		heard.Reports, heard.Plays = l.reports.until(now), l.plays.until(now)
	}
	return heard
}

func (w words) until(now time.Time) model.Words {
	if w.count == 0 {
		return model.Words{}
	}
	return model.Words{Count: w.count, Ago: max(0, now.Sub(w.last))}
}
