package playlog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
)

// Transfer mends entries that were stored under a wrong source. The source is
// part of an entry's identity, so it can't be amended: the entry is stored again
// under the right one, as its engine sent it, and the old one is voided. To do it
// again changes nothing, and the transfer in the other direction takes it back.
type Transfer struct {
	From, To   int // sources
	By, Reason string
	// Keep does not void the old entry, because its source played it too.
	Keep bool
	// Back takes a transfer from To to From back: it leaves out what was not
	// transferred.
	Back bool
}

// belongs is how the reasons of a transfer's corrections begin.
const belongs = "belongs to source "

func (t Transfer) reason() string {
	return storedReason(fmt.Sprintf("%s%d: %s", belongs, t.To, t.Reason))
}

// mark is the doubt by which an entry is known that was transferred from a
// source.
func mark(from int) model.Doubt {
	return model.NewDoubt("log_source", strconv.Itoa(from), "was stored as that of this source, until a person said otherwise")
}

// Copy is the entry under the right source, as it is to be stored, or why the
// entry is left as it is. It has the amendments of the old one.
func (t Transfer) Copy(r model.Record) (_ model.Record, left string) {
	switch {
	case r.Entry.LogSource != t.From:
		return r, "is of another source"
	case model.Fold(r.Corrections).Void:
		return r, "is void"
	case r.Entry.Manual:
		return r, "was logged by hand"
	case t.Back && !slices.Contains(r.Entry.Doubts.List(), mark(t.To)):
		return r, "was not transferred"
	}
	twin := model.Record{Entry: r.Entry}
	twin.Entry.LogSource, twin.Entry.ID, twin.Entry.Synced = t.To, 0, false
	doubts := slices.DeleteFunc(twin.Entry.Doubts.List(), func(d model.Doubt) bool { return d == mark(t.To) })
	if !t.Back {
		doubts = append(doubts, mark(t.From))
	}
	twin.Entry.Doubts = model.NewDoubts(doubts...)
	for _, c := range r.Corrections {
		if c.Kind == model.CorrectionAmend {
			twin.Corrections = append(twin.Corrections, c)
		}
	}
	twin.Normalize()
	return twin, ""
}

// Restored is the copy as the store has it, with its void taken back if a
// transfer made that. isChanged reports whether it must be stored again. left
// says why the entry is left as it is: a person voided the copy.
func (t Transfer) Restored(stored model.Record, now time.Time) (_ model.Record, isChanged bool, left string) {
	if !model.Fold(stored.Corrections).Void {
		return stored, false, ""
	}
	last := model.Correction{}
	for _, c := range stored.Corrections {
		if c.Kind == model.CorrectionVoid && c.At.After(last.At) {
			last = c
		}
	}
	if !strings.HasPrefix(last.Reason, belongs) {
		return stored, false, "is void under the other source"
	}
	return t.with(stored, model.CorrectionRestore, now), true, ""
}

// Voided is the old entry with the correction that voids it.
func (t Transfer) Voided(r model.Record, now time.Time) model.Record {
	return t.with(r, model.CorrectionVoid, now)
}

// with is a record with one more correction, which is later than the others.
func (t Transfer) with(r model.Record, kind string, now time.Time) model.Record {
	c := model.Correction{Kind: kind, At: now, By: t.By, Reason: t.reason()}
	for _, earlier := range r.Corrections {
		if !c.At.After(earlier.At) {
			c.At = earlier.At.Add(time.Microsecond)
		}
	}
	r.Corrections = append(slices.Clone(r.Corrections), c)
	r.Normalize()
	return r
}
