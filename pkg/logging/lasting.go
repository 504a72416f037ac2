package logging

import (
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// lastingEvery is how often a lasting error is logged.
const lastingEvery = 30 * time.Second

// Lasting logs an error that occurs repeatedly, for example in a loop whose
// peer is away. It logs the error the first time, then at most every 30 s, and
// then "recovered" once. It is safe for concurrent use.
type Lasting struct {
	log     zerolog.Logger
	message string

	mu     sync.Mutex
	since  time.Time // of the first error; zero while all is well
	logged time.Time // the last line
	unsaid int       // errors since that line
}

// NewLasting logs errors under a constant message, such as "push failed".
func NewLasting(log zerolog.Logger, message string) *Lasting {
	return &Lasting{log: log, message: message}
}

// Report takes the outcome of one try; nil means that it succeeded.
func (l *Lasting) Report(err error) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil && l.since.IsZero():
	case err == nil:
		l.log.Info().Str("from", l.message).Dur("lasted_ms", now.Sub(l.since)).Int("unsaid", l.unsaid).Msg("recovered")
		l.since, l.unsaid = time.Time{}, 0
	case l.since.IsZero():
		l.log.Error().Err(err).Msg(l.message)
		l.since, l.logged = now, now
	case now.Sub(l.logged) >= lastingEvery:
		l.log.Error().Err(err).Dur("lasting_ms", now.Sub(l.since)).Int("unsaid", l.unsaid).Msg(l.message)
		l.logged, l.unsaid = now, 0
	default:
		l.unsaid++
	}
}
