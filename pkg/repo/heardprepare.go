package repo

import (
	"context"
	"errors"
	"time"

	"aura.radio/engine/pkg/onair"
)

// PrepareHeard lets reads of Heard derive, in a database whose schema is in place.
// If it was never derived what was heard, PrepareHeard does that; if it was
// interrupted, the next call starts from the beginning. What a program of an older
// version left out meanwhile is only noted, and derived by KeepHeard. Call it after
// StartRule and Begin. It takes as long as it takes, so bound ctx. Error:
// model.ErrUnavailable.
func (n *Node) PrepareHeard(ctx context.Context) error {
	return n.db.Fail(ctx, "derive what was heard", n.heard.prepare(ctx))
}

func (h *heardLog) prepare(ctx context.Context) error {
	if !h.takeTurn(ctx) {
		return ctx.Err()
	}
	stage, err := h.begin(ctx)
	h.endTurn()
	if err != nil {
		return err
	}
	h.prepared.Store(true)
	if stage != heardNever {
		return nil
	}
	h.db.Log.Info().Msg("deriving what was heard")
	_, err = h.deriveAll(ctx, passNothing, context.Context.Err)
	return err
}

// begin notes that a service that derives has begun, and how far the log is.
func (h *heardLog) begin(ctx context.Context) (stage heardStage, err error) {
	err = h.changeNote(ctx, func(ctx context.Context, tx *writing, note *heardNote) error {
		identity, err := readIdentity(tx.gorm(ctx))
		if err != nil {
			return err
		}
		if identity.Starts > note.Starts+1 { // the one before may have been older
			note.leave(time.Time{})
		}
		stage, note.Starts = note.Stage, identity.Starts
		return nil
	})
	return stage, err
}

// keepPause is the pause before it is tried again to derive what was heard.
const keepPause = time.Minute

// KeepHeard derives in the background what reads and older programs left out, and
// notes the titles of that, until ctx ends: at once what was too much for a list, and
// what Playing found as soon as nothing more is said, or after a minute. changed is
// called when something was derived, also by a read, if another one did not wait for
// that. Call it once, after PrepareHeard.
func (n *Node) KeepHeard(ctx context.Context, changed func()) error {
	outdated := false
	for {
		// What such a read missed may be derived before catchUp looks for it.
		outdated = n.heard.outdated.Swap(false) || outdated
		did, err := n.heard.catchUp(ctx)
		if did || outdated && err == nil {
			changed()
		}
		outdated = outdated && err != nil
		if ctx.Err() != nil {
			return nil
		}
		n.heard.trouble.Report(err)
		var again <-chan time.Time
		if err != nil {
			again = time.After(keepPause)
		}
		n.heard.awaitWork(ctx, again)
	}
}

// awaitWork returns when something is to be derived, or at again. While things are
// still being said it waits until that is over, so that they are derived together
// and nobody who says them waits.
func (h *heardLog) awaitWork(ctx context.Context, again <-chan time.Time) {
	select {
	case <-h.pending:
		h.awaitQuiet(ctx)
	case <-ctx.Done():
	case <-h.behind:
	case <-again:
	}
}

// awaitQuiet returns when nothing was said for a while, when somebody waits for what
// is to be derived, or after the longest wait. Whoever says something does not wake
// it, because that costs time.
func (h *heardLog) awaitQuiet(ctx context.Context) {
	longest := time.After(h.longest)
	for before := int64(-1); before != h.said.Load(); {
		before = h.said.Load()
		select {
		case <-time.After(h.quiet):
			continue
		case <-ctx.Done():
		case <-h.behind:
		case <-longest:
		}
		return
	}
}

// givingWay makes a function by which the background waits while things are being
// said.
func (h *heardLog) givingWay() (giveWay func(ctx context.Context) error) {
	before := h.said.Load()
	return func(ctx context.Context) error {
		if h.said.Load() != before {
			h.awaitQuiet(ctx)
			before = h.said.Load()
		}
		return ctx.Err()
	}
}

// catchUp derives what is not derived, and notes the titles that are not noted, except
// for what is said meanwhile. It reports whether that was anything.
func (h *heardLog) catchUp(ctx context.Context) (did bool, err error) {
	giveWay := h.givingWay()
	passed := func(ctx context.Context, _ int, _ onair.Window, _ *onair.Window) error { return giveWay(ctx) }
	for {
		derived, err := h.catchUpLog(ctx, passed, giveWay)
		did = did || derived
		if err != nil {
			return did, err
		}
		note, err := h.note(ctx)
		if err != nil || note.Titled && note.Counted {
			return did, err
		}
		h.db.Log.Info().Msg("noting the titles of what was heard")
		if err := h.titleAll(ctx, note.Titled, giveWay); !errors.Is(err, errTooMuch) {
			return true, err
		}
		if err := giveWay(ctx); err != nil {
			return did, err
		}
	}
}

// catchUpLog derives what is not derived.
func (h *heardLog) catchUpLog(ctx context.Context, passed passedPart, giveWay func(ctx context.Context) error) (did bool, err error) {
	note, err := h.note(ctx)
	if err != nil {
		return false, err
	}
	if note.Stage == heardWhole {
		pends, err := h.pends(ctx)
		if err != nil || !pends {
			return false, err
		}
		if err := h.inTurn(ctx, func() error { return h.follow(ctx) }); !errors.Is(err, errTooMuch) {
			return true, err
		}
		if note, err = h.note(ctx); err != nil {
			return true, err
		}
	}
	h.db.Log.Info().Time("from", note.From).Msg("deriving what was heard again, because much or a rule has changed, or an older program may have written")
	_, err = h.deriveAll(ctx, passed, giveWay)
	return true, err
}

func (h *heardLog) note(ctx context.Context) (heardNote, error) {
	ctx, cancel := h.db.Deadline(ctx)
	defer cancel()
	row, err := firstRow[noteRow](h.db.Read.WithContext(ctx).Where("name = ?", heardNoteName))
	if err != nil {
		return heardNote{}, h.db.Classify(ctx, err)
	}
	return newHeardNote(row)
}

func (h *heardLog) inTurn(ctx context.Context, do func() error) error {
	if !h.takeTurn(ctx) {
		return ctx.Err()
	}
	defer h.endTurn()
	return do()
}

// deriveAll derives again what the note says, part by part, and tells passed of
// each. It returns how many segments differed. Each part is derived from the same
// state of the database as what is pending, so that the parts before stay right. If
// too much is pending, or a rule changes, no part is right any more. Then it calls
// again, and begins again.
func (h *heardLog) deriveAll(ctx context.Context, passed passedPart, again func(ctx context.Context) error) (differing int, err error) {
	for {
		begun, err := h.note(ctx)
		if err != nil {
			return differing, err
		}
		n, err := h.derivePartByPart(ctx, onair.Window{From: begun.From}, passed)
		differing += n
		isWhole := false
		if err == nil {
			err = h.inTurn(ctx, func() error {
				return h.commit(ctx, func(_ context.Context, _ *writing, note *heardNote) error {
					if isWhole = note.Left == begun.Left; isWhole {
						note.Stage, note.From = heardWhole, time.Time{}
					}
					return nil
				})
			})
		}
		if isWhole || err != nil && !errors.Is(err, errTooMuch) {
			return differing, err
		}
		if err := again(ctx); err != nil {
			return differing, err
		}
	}
}

func (h *heardLog) derivePartByPart(ctx context.Context, w onair.Window, passed passedPart) (differing int, err error) {
	err = h.eachSource(ctx, func(source int) error {
		for rest := &w; rest != nil; {
			part := *rest
			found, err := h.derivePart(ctx, source, part)
			if err != nil {
				return err
			}
			differing, rest = differing+found.differing, found.rest
			if err := passed(ctx, source, part, rest); err != nil {
				return err
			}
		}
		return nil
	})
	return differing, err
}

// derivePart derives the beginning of w.
func (h *heardLog) derivePart(ctx context.Context, source int, w onair.Window) (result examined, err error) {
	err = h.inTurn(ctx, func() error {
		return h.commit(ctx, func(ctx context.Context, tx *writing, _ *heardNote) error {
			log := h.log(tx, source)
			rest, err := log.MendSome(ctx, w)
			result = examined{log.Differing, rest}
			return err
		})
	})
	return result, err
}

// eachSource calls do for each source of which something is stored, or was when it
// was derived last.
func (h *heardLog) eachSource(ctx context.Context, do func(source int) error) error {
	for source := 0; ; {
		next, err := h.sourceAfter(ctx, source)
		if err != nil || next == 0 {
			return err
		}
		if err := do(next); err != nil {
			return err
		}
		source = next
	}
}

func (h *heardLog) sourceAfter(ctx context.Context, source int) (int, error) {
	ctx, cancel := h.db.Deadline(ctx)
	defer cancel()
	next, err := sourceAfter(ctx, h.db.Reads(), source)
	if err != nil {
		return 0, h.db.Classify(ctx, err)
	}
	derived, err := nextSource(ctx, h.db.Reads(), "heard", "source", source)
	if next == 0 || derived != 0 && derived < next { // all its plays were purged
		next = derived
	}
	return next, h.db.Classify(ctx, err)
}
