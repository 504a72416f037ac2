package playlog

import (
	"context"
	"errors"
	"time"

	"aura.radio/engine/pkg/model"
)

// Play is an entry as its engine told it, with what only the store can decide.
type Play struct {
	// Entry is normalized and valid. Its ReceivedAt is the arrival.
	Entry model.Entry
	// AsSent is the entry as earlier versions stored it: with texts as they were
	// sent, and not distinguished. It is nil if that is the same identity.
	AsSent *model.Entry
	// Other is the start's other occurrence if the start had no offset and is in
	// a repeated hour, otherwise zero.
	Other time.Time
	// Undated: no start was told, so the arrival is taken. The same play again
	// within a few seconds is the same entry.
	Undated bool
}

// NewPlay is the play of an entry that an engine or a person sent: each text is
// one line, and an untitled play is distinguished. What a node sends is stored
// as it is, so it does not become a play this way.
func NewPlay(sent model.Entry) Play {
	p := Play{Entry: sent}
	p.Entry.Tidy()
	p.Entry.Distinguish()
	if p.Entry != sent {
		p.AsSent = new(sent)
	}
	return p
}

// compare normalizes the entry as it was sent, and leaves it out if it is no
// other identity. Call it when Entry is normalized.
func (p *Play) compare() {
	if p.AsSent == nil {
		return
	}
	p.AsSent.Normalize()
	if p.AsSent.Fingerprint() == p.Entry.Fingerprint() {
		p.AsSent = nil
	}
}

// forms are the entries under which the play may be stored already. The first
// is as which it is stored otherwise.
func (p *Play) forms() []model.Entry {
	forms := []model.Entry{p.Entry}
	if p.AsSent != nil {
		forms = append(forms, *p.AsSent)
	}
	if p.Other.IsZero() {
		return forms
	}
	for _, twin := range forms {
		twin.TrackStart = p.Other
		twin.Normalize()
		forms = append(forms, twin)
	}
	return forms
}

// standing is the entry of a play: the form under which it is stored already,
// otherwise the first. So a POST that is repeated after the hour changed, or
// after an update, remains the same entry. Error: model.ErrUnavailable.
func standing(ctx context.Context, store Store, p *Play) (model.Entry, error) {
	if p.AsSent == nil && p.Other.IsZero() { // the usual case
		return p.Entry, nil
	}
	for _, form := range p.forms() {
		stored, err := store.EntryWith(ctx, form.Fingerprint())
		switch {
		case errors.Is(err, model.ErrNotFound):
		case err != nil:
			return p.Entry, err
		case !form.Contradicts(stored):
			return form, nil
		}
	}
	return p.Entry, nil
}
