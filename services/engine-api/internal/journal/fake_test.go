package journal

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging/loggingtest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/status"
)

// disk is a File in memory. What it holds survives a crash.
type disk struct {
	mu    sync.Mutex
	items []model.Kept
	last  int64
	// fails is why it can't be written; nil if it can.
	fails error
}

func (d *disk) change(do func()) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fails == nil {
		do()
	}
	return d.fails
}

func (d *disk) setFails(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fails = err
}

func (d *disk) Keep(_ context.Context, k model.Kept) error {
	return d.change(func() {
		d.last++
		k.ID = d.last
		d.items = append(d.items, k)
	})
}

func (d *disk) selected(wanted func(k model.Kept) bool) []model.Kept {
	d.mu.Lock()
	defer d.mu.Unlock()
	var found []model.Kept
	for _, k := range d.items {
		if wanted(k) {
			found = append(found, k)
		}
	}
	return found
}

func waits(database model.Fingerprint) func(k model.Kept) bool {
	return func(k model.Kept) bool { return k.Reason == "" && k.Database == database }
}

func (d *disk) Waits() int64 {
	return int64(len(d.selected(func(k model.Kept) bool { return k.Reason == "" && k.Database != theirs })))
}

func (d *disk) Claim(_ context.Context, database model.Fingerprint) (foreign int64, err error) {
	err = d.change(func() {
		for i, k := range d.items {
			switch k.Database {
			case model.Fingerprint{}:
				d.items[i].Database = database
			case database:
			default:
				foreign++
			}
		}
	})
	return foreign, err
}

func (d *disk) Inherit(_ context.Context, database model.Fingerprint, _ string, isNew bool) (n int64, err error) {
	err = d.change(func() {
		for i := range d.items {
			if isNew && d.items[i].Database != database {
				d.items[i].Database = database
				n++
			}
		}
	})
	return n, err
}

func (d *disk) Oldest(_ context.Context, database model.Fingerprint, limit int) ([]model.Kept, error) {
	found := d.selected(waits(database))
	return found[:min(limit, len(found))], nil
}

func (d *disk) Forget(_ context.Context, items []model.Kept) error {
	return d.change(func() {
		d.items = slices.DeleteFunc(d.items, func(k model.Kept) bool {
			return slices.ContainsFunc(items, func(gone model.Kept) bool { return gone.ID == k.ID })
		})
	})
}

func (d *disk) PutAside(_ context.Context, id int64, reason string) error {
	return d.change(func() {
		for i := range d.items {
			if d.items[i].ID == id {
				d.items[i].Reason = reason
			}
		}
	})
}

func (d *disk) Again(context.Context) (n int64, err error) {
	err = d.change(func() {
		for i := range d.items {
			if d.items[i].Reason != "" {
				d.items[i].Reason = ""
				n++
			}
		}
	})
	return n, err
}

func (d *disk) plays(wanted func(k model.Kept) bool) []model.Kept {
	found := d.selected(func(k model.Kept) bool { return k.Kind == model.KeptPlay && k.Reason == "" && wanted(k) })
	slices.SortFunc(found, func(a, b model.Kept) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID)) })
	return found
}

func (d *disk) LatestPlay(_ context.Context, _ *model.Fingerprint, at time.Time) (model.Kept, error) {
	found := d.plays(func(k model.Kept) bool { return !k.Start.After(at) })
	if len(found) == 0 {
		return model.Kept{}, model.ErrNotFound
	}
	return found[len(found)-1], nil
}

func (d *disk) NextPlay(_ context.Context, _ *model.Fingerprint, after time.Time) (model.Kept, error) {
	found := d.plays(func(k model.Kept) bool { return k.Start.After(after) })
	if len(found) == 0 {
		return model.Kept{}, model.ErrNotFound
	}
	return found[0], nil
}

func (d *disk) State(_ context.Context, database *model.Fingerprint) (s model.Journal, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range d.items {
		switch {
		case database != nil && k.Database != *database:
			s.Foreign++
		case k.Reason != "":
			s.Aside++
		default:
			if s.Waiting++; s.Oldest.IsZero() {
				s.Oldest = k.Arrival
			}
		}
	}
	return s, nil
}

func (d *disk) Close(context.Context) error { return nil }

// base is a database in memory: it stores everything once.
type base struct {
	mu     sync.Mutex
	stored []string // what was stored, in order
	// fails is what becomes of a write of something; nil stores everything.
	fails func(ctx context.Context, what string) error
	// writable is what a write meets in general.
	writable error
}

func (b *base) store(ctx context.Context, what string) error {
	b.mu.Lock()
	fails := b.fails
	b.mu.Unlock()
	if fails != nil {
		if err := fails(ctx, what); err != nil {
			return err
		}
	}
	b.write(what)
	return nil
}

func (b *base) write(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.stored, what) {
		b.stored = append(b.stored, what)
	}
}

func (b *base) setFails(fails func(ctx context.Context, what string) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fails = fails
}

func (b *base) has() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.stored)
}

func (b *base) Take(ctx context.Context, p *playlog.Play) (model.Taken, error) {
	return model.TakenStored, b.store(ctx, p.Entry.Title)
}

func (b *base) StoreHealth(ctx context.Context, h model.Health, rule status.Rule[model.Health]) error {
	return b.store(ctx, rule(h, model.Health{}).Details)
}

func (b *base) StoreClock(ctx context.Context, c model.Clock, rule status.Rule[model.Clock]) error {
	return b.store(ctx, string(rule(c, model.Clock{}).Body))
}

func (b *base) Writable(context.Context) error { return b.writable }

var (
	ours   = model.Fingerprint{1}
	theirs = model.Fingerprint{2}
)

// away is what a database says that is not there.
func away(context.Context, string) error { return fmt.Errorf("dial: %w", model.ErrUnavailable) }

// hangs is a database that does not answer.
func hangs(ctx context.Context, _ string) error {
	<-ctx.Done()
	return ctx.Err()
}

type station struct {
	*Journal
	kept, stored int
	log          loggingtest.Lines
}

func open(file File, db *base) *station {
	s := &station{}
	s.Journal = New(Options{
		File: file, Plays: db, Database: db, Now: time.Now, Log: zerolog.New(&s.log),
		Identity: func() *model.Identity { return &model.Identity{Database: ours} },
		Kept:     func() { s.kept++ }, Stored: func() { s.stored++ },
	})
	return s
}

// say says something of that kind, and returns how it was taken.
func (s *station) say(t testing.TB, kind model.KeptKind, what string) (model.Taken, error) {
	now := time.Now()
	before := s.file.Waits()
	var err error
	switch kind {
	case model.KeptHealth:
		err = s.StoreHealth(t.Context(), model.Health{Source: 1, LogTime: now, Details: what}, status.HealthRule(now))
	case model.KeptClock:
		err = s.StoreClock(t.Context(), model.Clock{Source: 1, SentAt: now, Body: []byte(what)}, status.LastClock)
	default:
		return s.Take(t.Context(), &playlog.Play{Entry: model.Entry{LogSource: 1, TrackStart: now.UTC().Truncate(time.Microsecond), Title: what}})
	}
	if s.file.Waits() > before {
		return model.TakenKept, err
	}
	return model.TakenStored, err
}
