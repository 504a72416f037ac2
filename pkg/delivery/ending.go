package delivery

import (
	"context"
	"slices"
	"time"
)

// settleEvery is how soon the ledger is told again of what has ended.
const settleEvery = 5 * time.Second

// end remembers to tell the ledger; call it with the lock held. If the ledger is
// away for long, the oldest is forgotten: it is done again after a restart.
func (l *Line[T]) end(id int64, outcome string) {
	if id == 0 {
		return
	}
	l.endings = append(l.endings, ending{id, now(), outcome})
	if len(l.endings) > MaxWaiting {
		l.endings = slices.Delete(l.endings, 0, 1)
	}
}

// settle tells the ledger what has ended, and returns when to try again; zero:
// there is nothing left to tell.
func (l *Line[T]) settle(ctx context.Context) (again time.Time) {
	if time.Now().Before(l.settleAt) {
		return l.settleAt
	}
	l.settleAt = time.Time{}
	for first := true; first || ctx.Err() == nil; first = false { // a stop waits for one
		e, found := l.ending()
		if !found {
			break
		}
		if err := l.outbox.book.end(ctx, e); err != nil {
			l.settleAt = time.Now().Add(settleEvery)
			return l.settleAt
		}
		l.mu.Lock()
		l.endings = slices.DeleteFunc(l.endings, func(other ending) bool { return other.id == e.id })
		l.mu.Unlock()
	}
	if l.channel.Settle != nil && ctx.Err() == nil && l.channel.Settle(ctx) != nil {
		l.settleAt = time.Now().Add(settleEvery)
	}
	return l.settleAt
}

func (l *Line[T]) ending() (ending, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.endings) == 0 {
		return ending{}, false
	}
	return l.endings[0], true
}
