package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/status"
)

// play is a play in the journal.
type play struct {
	Entry record.Entry `json:"entry"`
	// AsSent, Other and Undated are as playlog.Play has them.
	AsSent  *record.Entry `json:"as_sent,omitempty"`
	Other   *time.Time    `json:"other,omitempty"`
	Undated bool          `json:"undated,omitempty"`
}

func newPlay(p *playlog.Play) play {
	kept := play{Entry: record.NewEntry(model.Record{Entry: p.Entry}), Undated: p.Undated}
	if p.AsSent != nil {
		kept.AsSent = new(record.NewEntry(model.Record{Entry: *p.AsSent}))
	}
	if !p.Other.IsZero() {
		kept.Other = &p.Other
	}
	return kept
}

func (k play) play() playlog.Play {
	p := playlog.Play{Entry: k.Entry.Record().Entry, Undated: k.Undated}
	if k.AsSent != nil {
		p.AsSent = new(k.AsSent.Record().Entry)
	}
	if k.Other != nil {
		p.Other = *k.Other
	}
	return p
}

// statement is what an engine said, before it is known whether the journal keeps it.
type statement struct {
	kind           model.KeptKind
	arrival, start time.Time
	// noun is what an item holds of it. It is made only if that is needed.
	noun func() any
	// store stores it in the database.
	store func(ctx context.Context) error
}

// item is what the journal keeps of it.
func (j *Journal) item(s statement) (model.Kept, error) {
	body, err := json.Marshal(s.noun())
	if err != nil {
		return model.Kept{}, fmt.Errorf("encode %s: %w", s.kind, err)
	}
	k := model.Kept{Kind: s.kind, Arrival: s.arrival, Start: s.start, Body: body}
	if identity := j.identity(); identity != nil {
		k.Database = identity.Database
	}
	return k, nil
}

// decode reads the noun of an item. Error: *model.InvalidError.
func decode[T any](k model.Kept) (noun T, err error) {
	if err := json.Unmarshal(k.Body, &noun); err != nil {
		return noun, model.Invalid(string(k.Kind), "", "can't be read: "+err.Error())
	}
	return noun, nil
}

// playOf is a kept play.
func playOf(k model.Kept) (playlog.Play, error) {
	kept, err := decode[play](k)
	return kept.play(), err
}

// Describe names a kept item for a person: its source, and a play's title. What
// can't be read has neither.
func Describe(k model.Kept) (source int, title string) {
	switch k.Kind {
	case model.KeptPlay:
		if p, err := playOf(k); err == nil {
			return p.Entry.LogSource, p.Entry.Title
		}
	case model.KeptHealth:
		if h, err := decode[record.Health](k); err == nil {
			return h.Source, ""
		}
	case model.KeptClock:
		if c, err := decode[record.Clock](k); err == nil {
			return c.Source, ""
		}
	}
	return 0, ""
}

// store stores an item in the database. To store it again changes nothing.
func (j *Journal) store(ctx context.Context, k model.Kept) error {
	switch k.Kind {
	case model.KeptPlay:
		p, err := playOf(k)
		if err != nil {
			return err
		}
		_, err = j.plays.Take(ctx, &p)
		return err
	case model.KeptHealth:
		kept, err := decode[record.Health](k)
		if err != nil {
			return err
		}
		return j.statuses.StoreHealth(ctx, kept.Health(), status.HealthRule(k.Arrival))
	case model.KeptClock:
		kept, err := decode[record.Clock](k)
		if err != nil {
			return err
		}
		return j.statuses.StoreClock(ctx, kept.Clock(), status.LastClock)
	}
	return model.Invalid("kind", string(k.Kind), "is not known to this program")
}
