package repo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/repo/internal/airlog"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// heardLog derives what was heard of each source of a node: in the tables heard
// and heard_day. An engine must not wait for that, so a write only says what it
// changed: a new entry by itself (see freshEntry), every other change in table
// heard_pending. The next read derives it.
//
// It promises that what was derived is what package heard derives from all that
// was said, except of what is pending. For that, each transaction follows all that
// is pending in one state of the database, and nothing else. If it is too much, the
// whole log is derived again, part by part, in the background.
//
// On MariaDB, the transaction first locks its note, so that of two processes one
// waits. Its first plain read comes after that and fixes the state that all its
// reads see. Whoever changes something later is not in that state, and neither is
// what they say of it: it stays pending. What is taken from the pending is named by
// its number, so nothing else is.
type heardLog struct {
	db   *sqldb.DB
	page int // see airlog.NewHeard
	most int // how many entries, and changes, are followed in one transaction
	// turn is held by the goroutine that derives.
	turn chan struct{}
	// behind is told that a read left something to be derived, pending that
	// something pends.
	behind, pending chan struct{}
	// outdated: a read answered from what was derived before.
	outdated atomic.Bool
	// said counts what is said.
	said atomic.Int64
	// patience is how long a read waits for what it derives.
	patience time.Duration
	// quiet is for how long nothing is said before the background derives, longest
	// how long it waits for that.
	quiet, longest time.Duration
	trouble        *logging.Lasting
	// prepared: the note is known to be there.
	prepared atomic.Bool
}

const (
	// patienceShare: a read waits for what it derives for that part of an operation's
	// time, which is a second if nobody sets it.
	patienceShare = 5
	// heardPage is less than airlog.Page, because what engines say waits behind
	// such a transaction in an embedded database.
	heardPage = airlog.Page / 4
	// heardQuiet and heardLongest are what is said of them above.
	heardQuiet   = time.Second
	heardLongest = time.Minute
)

func newHeardLog(db *sqldb.DB) *heardLog {
	return &heardLog{
		db: db, page: heardPage, most: mostPending, turn: make(chan struct{}, 1), behind: make(chan struct{}, 1), pending: make(chan struct{}, 1),
		patience: db.Timeout / patienceShare, quiet: heardQuiet, longest: heardLongest,
		trouble: logging.NewLasting(db.Log, "what was heard can't be derived"),
	}
}

// close waits for what is being derived. Nothing is derived afterwards.
func (h *heardLog) close() { h.turn <- struct{}{} }

// followFor derives what is pending, for a read. The read need not know whether
// that succeeded: then it answers from what was derived before. It does not wait
// for long.
func (h *heardLog) followFor(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, h.patience)
	defer cancel()
	pends, err := h.pends(ctx)
	isLate := errors.Is(ctx.Err(), context.DeadlineExceeded)
	if !isLate && (err != nil || !pends) {
		return // a database that is away is the read's own error
	}
	if isLate || !h.takeTurn(ctx) {
		h.goOn()
		return
	}
	err = within(ctx, func() error {
		defer h.endTurn()
		return h.follow(context.WithoutCancel(ctx))
	})
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errTooMuch) {
		h.goOn()
		return
	}
	if ctx.Err() == nil {
		h.trouble.Report(err)
	}
}

// goOn has the rest derived in the background, for a read that answers without it.
func (h *heardLog) goOn() {
	h.outdated.Store(true)
	wake(h.behind)
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (h *heardLog) takeTurn(ctx context.Context) bool {
	select {
	case h.turn <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (h *heardLog) endTurn() { <-h.turn }

// pends reports whether anything is to be derived.
func (h *heardLog) pends(ctx context.Context) (some bool, err error) {
	if !h.prepared.Load() {
		return false, nil
	}
	err = h.db.Read.WithContext(ctx).Raw("SELECT EXISTS (SELECT 1 FROM playlog WHERE is_uncounted = 1) OR EXISTS (SELECT 1 FROM heard_pending)").Scan(&some).Error
	return some, err
}

// lacks reports whether the tables lack anything.
func (h *heardLog) lacks(ctx context.Context) (bool, error) {
	if pends, err := h.pends(ctx); err != nil || pends || !h.prepared.Load() {
		return pends, err
	}
	note, err := h.note(ctx)
	return err == nil && note.Stage != heardWhole, err
}

// errTooMuch: more is pending than one transaction can follow.
var errTooMuch = errors.New("too much has changed to be derived at once")

// follow derives what is pending. Error: also errTooMuch, and then the log is not
// whole.
func (h *heardLog) follow(ctx context.Context) error {
	if pends, err := h.pends(ctx); err != nil || !pends { // another goroutine may have done it meanwhile
		return err
	}
	return h.commit(ctx, func(context.Context, *writing, *heardNote) error { return nil })
}

// commit follows what is pending, and does more in the same transaction and for
// the same state of the database. do may change the note. If too much is pending,
// a part of that is taken, do is not called, and the error is errTooMuch.
func (h *heardLog) commit(ctx context.Context, do func(ctx context.Context, tx *writing, note *heardNote) error) error {
	tooMuch := false
	err := h.changeNote(ctx, func(ctx context.Context, tx *writing, note *heardNote) error {
		p, err := tx.takePending(ctx, h.most)
		if err != nil {
			return err
		}
		if tooMuch = p.more(); tooMuch {
			from, err := h.unchanged(ctx, tx, p)
			note.leave(from)
			return err
		}
		for source, touched := range p.touched() {
			if err := h.log(tx, source).Follow(ctx, touched); err != nil {
				return err
			}
		}
		return do(ctx, tx, note)
	})
	if err == nil && tooMuch {
		return errTooMuch
	}
	return err
}

// changeNote runs do in a transaction, with the note, which it may change.
func (h *heardLog) changeNote(ctx context.Context, do func(ctx context.Context, tx *writing, note *heardNote) error) error {
	return storeDerived(ctx, h.db, func(ctx context.Context, tx *writing) error {
		tx.touched.Inaudible()
		note, err := tx.heardNote(ctx)
		if err != nil {
			return err
		}
		before := note
		if err := do(ctx, tx, &note); err != nil || note == before {
			return err
		}
		return tx.storeHeardNote(ctx, note)
	})
}

// unchanged is a moment before which what is pending alters nothing; zero if that
// is not known.
func (h *heardLog) unchanged(ctx context.Context, tx *writing, p pending) (from time.Time, err error) {
	if p.moreChanges {
		return from, nil
	}
	horizon := p.fresh[len(p.fresh)-1].playedAt
	for source, touched := range p.touched() {
		unchanged, err := h.log(tx, source).Unchanged(ctx, touched.Changes(source), horizon)
		if err != nil || unchanged.IsZero() {
			return unchanged, err
		}
		if from.IsZero() || unchanged.Before(from) {
			from = unchanged
		}
	}
	return from, nil
}

// log is what was heard of a source, within a transaction.
func (h *heardLog) log(tx *writing, source int) *airlog.Log {
	return airlog.NewHeard(tx.tx, source, h.page)
}

// heardNote says how far it was derived what was heard. It is kept as a note.
type heardNote struct {
	// Stage is one of the stages.
	Stage heardStage `json:"stage"`
	// Starts is how often a service had begun to serve the database when one began
	// last that derives. Between two that follow one another no older one served.
	Starts int64 `json:"starts"`
	// From is since when the log is to be derived again; zero: all of it.
	From time.Time `json:"from,omitzero"`
	// Left counts how often something was not derived. Whoever derives the whole log
	// sees by it that what he derived first is out of date.
	Left int64 `json:"left,omitempty"`
	// Follows: the rules are those of a sync node.
	Follows bool `json:"follows,omitempty"`
	// Titled: each play of the log names its title. Counted: nothing else is missing of
	// titles. An older program that derives does not know these, and so takes them
	// back when it stores the note.
	Titled  bool `json:"titled,omitempty"`
	Counted bool `json:"counted,omitempty"`
}

type heardStage string

const (
	// heardNever: the whole log is to be derived for the first time.
	heardNever heardStage = ""
	// heardInPart: the whole log is to be derived again.
	heardInPart heardStage = "in part"
	// heardWhole: nothing is missing, except of what is pending.
	heardWhole heardStage = "whole"
)

// leave notes that something was not derived from a time on; zero: ever.
func (n *heardNote) leave(from time.Time) {
	n.Left++
	switch {
	case n.Stage == heardWhole:
		n.Stage, n.From = heardInPart, from
	case from.Before(n.From):
		n.From = from
	}
}

const heardNoteName = "heard"

// heardNote reads the note, and keeps other processes from deriving until the
// transaction ends. It must be the first statement of the transaction.
func (tx *writing) heardNote(ctx context.Context) (n heardNote, err error) {
	row, err := firstRow[noteRow](locking(tx.gorm(ctx).Where("name = ?", heardNoteName)))
	if err != nil {
		return n, err
	}
	return newHeardNote(row)
}

func newHeardNote(row noteRow) (n heardNote, err error) {
	if row.Name == "" {
		return n, nil
	}
	if err := json.Unmarshal([]byte(row.Body), &n); err != nil {
		return n, fmt.Errorf("note %s: %w", heardNoteName, err)
	}
	return n, nil
}

func (tx *writing) storeHeardNote(ctx context.Context, n heardNote) error {
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return storeNote(tx.gorm(ctx), noteRow{Name: heardNoteName, Body: string(body), WrittenAt: sqldb.At(time.Now())})
}

// storeNote does not use REPLACE, which needs the privilege to delete.
func storeNote(g *gorm.DB, row noteRow) error {
	return g.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
}
