package repo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/repo/internal/airlog"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// writer has every write that a node's and a station's database share, and also
// the shared reads. Each write exists once; the committer knows whether the
// database is a node's or a station's.
type writer struct {
	reader
	by    committer
	group *groupCommit
}

// committer runs a write in a transaction: a transaction of a node, or the next
// one of a station's sequence.
type committer interface {
	// commit runs do again from the start if the transaction lost a conflict
	// with another one, so do must have no effects except in the database. The
	// error says what it means to the caller, and not what was being done.
	commit(ctx context.Context, do func(ctx context.Context, tx *writing) error) error
	groupStore
}

func newWriter(db *sqldb.DB, by committer) *writer {
	return &writer{reader: reader{db: db, days: newDayCounts(db), page: airlog.Page, recent: &recentPurges{}}, by: by, group: startGroupCommit(by, db.Log)}
}

// commit makes a write durable. It waits for a database that is away for a
// moment. The error says what was being done.
func (w *writer) commit(ctx context.Context, doing string, do func(ctx context.Context, tx *writing) error) error {
	return w.db.Outlast(ctx, func() error { return w.commitNow(ctx, doing, do) })
}

// commitNow is commit for a write that its caller repeats by itself. It does not
// wait for a database that is away.
func (w *writer) commitNow(ctx context.Context, doing string, do func(ctx context.Context, tx *writing) error) error {
	if err := w.by.commit(ctx, do); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// aside is commit for a write on which the on-air log does not depend, and for
// which nobody who follows the sequence waits. aside does not wait for a
// station's long writes.
func (w *writer) aside(ctx context.Context, doing string, do func(ctx context.Context, tx *writing) error) error {
	return w.db.Outlast(ctx, func() error {
		ctx, cancel := w.db.Deadline(ctx)
		defer cancel()
		return w.db.Fail(ctx, doing, writeAside(ctx, w.db, do))
	})
}

// storeDerived stores what a read derived.
func storeDerived(ctx context.Context, db *sqldb.DB, do func(ctx context.Context, tx *writing) error) error {
	ctx, cancel := db.Deadline(ctx)
	defer cancel()
	return db.Classify(ctx, writeAside(ctx, db, do))
}

// writeAside runs do in a transaction that may not change tables that belong to
// the sequence. It does not wait for a database that is away. For example, a
// lease is renewed every second, and reads store what they derive.
func writeAside(ctx context.Context, db *sqldb.DB, do func(ctx context.Context, tx *writing) error) error {
	return db.Transaction(ctx, func(unit *sqldb.Tx) error {
		tx := newWriting(unit)
		if err := do(ctx, tx); err != nil {
			return err
		}
		if tx.touched.Any() || unit.Changed.In("activation", "clock", "correction", "health") {
			return errAside
		}
		return tx.complete(ctx)
	})
}

var (
	errForgotten = errors.New("a write changed entries or activations and did not say what that touches")
	errAside     = errors.New("a write beside the sequence changed what belongs to it")
)

// writing is the transaction of a write, with what the write states about
// itself.
type writing struct {
	bulk
	tx *sqldb.Tx
	// touched is what its changes mean for the on-air log.
	touched onair.Touches
	// days are the days of which its changes alter the number of entries.
	days map[time.Time]bool
	// onStation: this is the sync node's database. Its records need not be sent
	// anywhere, so all that is stored is synced.
	onStation bool
}

func newWriting(tx *sqldb.Tx) *writing { return &writing{bulk: bulk{tx.Conn}, tx: tx} }

// gorm is the transaction as a handle for gorm.
func (tx *writing) gorm(ctx context.Context) *gorm.DB { return tx.tx.Gorm(ctx) }

// touchEntry notes a change of the entry with that identity; before is nil if it
// is new.
func (tx *writing) touchEntry(id model.Fingerprint, before, after *model.Entry) {
	tx.touched.Entry(id, before, after)
	tx.nameDays(countedAs(before), countedAs(after))
}

// touchGone notes that an entry is deleted.
func (tx *writing) touchGone(id model.Fingerprint, before *model.Entry) {
	tx.touched.Gone(id, before)
	tx.nameDays(countedAs(before), counted{})
}

// nameDays notes which days are to be counted again because of a change.
func (tx *writing) nameDays(was, is counted) {
	if was == is {
		return
	}
	for _, c := range []counted{was, is} {
		if c != (counted{}) {
			tx.nameDay(c.day)
		}
	}
}

// nameDay notes that a day is to be counted again.
func (tx *writing) nameDay(day time.Time) {
	if tx.days == nil {
		tx.days = make(map[time.Time]bool)
	}
	tx.days[day] = true
}

// complete returns an error if the write forgot to say what it touched.
// Otherwise it notes which days are to be counted again and, on a node, of what is
// to be derived again what was heard. It comes last before the commit.
func (tx *writing) complete(ctx context.Context) error {
	if !tx.touched.Told() && tx.tx.Changed.In("playlog", "activation", "health") {
		return errForgotten
	}
	if !tx.onStation {
		if err := tx.markPending(ctx); err != nil {
			return err
		}
	}
	return tx.markStale(ctx, slices.SortedFunc(maps.Keys(tx.days), time.Time.Compare))
}
