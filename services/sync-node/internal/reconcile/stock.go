package reconcile

import (
	"context"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// stock is one kind of records as both sides keep them.
type stock[T any] struct {
	kind  model.Kind
	batch int // how many are fetched or sent at once
	// from is from when on both sides keep records of this kind; zero: they keep all.
	from  time.Time
	here  func(ctx context.Context, q model.RecordQuery) ([]T, *model.Position, error)
	there func(ctx context.Context, source int, from, to time.Time, after string, limit int) (_ []T, next string, _ error)
	id    func(*T) model.Fingerprint
	// same reports whether neither side can learn anything from the other's copy.
	same func(theirs, ours *T) bool
	at   func(*T) time.Time
	text func(*T) string
	// receive stores records of the node. The answer to the node acknowledges
	// records that are here as they came, and holds those of which more is known
	// here.
	receive func(ctx context.Context, page []T) (peer.Batch, error)
	// parcel is a batch of records to send.
	parcel func(page []T) peer.Batch
	// receipt is a batch that acknowledges records.
	receipt func(page []T) peer.Batch
}

// maxHealths is how many statuses go in one message: each may hold much text.
const maxHealths = 100

func (r *run) entries() stock[model.Record] {
	return stock[model.Record]{
		kind:  model.KindEntry,
		batch: r.cfg.BatchSize,
		from:  r.playsFrom,
		here:  r.store.Records,
		there: r.node.Records,
		id:    func(record *model.Record) model.Fingerprint { return record.Entry.Fingerprint() },
		same: func(theirs, ours *model.Record) bool {
			return r.edition.Holds(*theirs, *ours) && model.ThisEdition.Holds(*ours, *theirs)
		},
		at:      func(record *model.Record) time.Time { return record.Entry.PlayedAt() },
		text:    func(record *model.Record) string { return record.Entry.Artist + " – " + record.Entry.Title },
		receive: r.receive,
		parcel:  func(page []model.Record) peer.Batch { return peer.Batch{Synced: true, Records: page} },
		receipt: func(page []model.Record) peer.Batch {
			var b peer.Batch
			for i := range page {
				b.Acks = append(b.Acks, model.Ack{Fingerprint: page[i].Entry.Fingerprint(), Content: page[i].Content()})
			}
			return b
		},
	}
}

func (r *run) healths() stock[model.Health] {
	s := stock[model.Health]{
		kind:  model.KindHealth,
		batch: min(r.cfg.BatchSize, maxHealths),
		from:  r.healthFrom,
		here:  r.store.HealthRecords,
		there: r.node.Healths,
		id:    (*model.Health).UID,
		same:  func(theirs, ours *model.Health) bool { return theirs.UID() == ours.UID() },
		at:    func(h *model.Health) time.Time { return h.LogTime },
		text: func(h *model.Health) string {
			if h.Healthy {
				return "healthy"
			}
			return "sick"
		},
		parcel: func(page []model.Health) peer.Batch { return peer.Batch{Synced: true, Healths: page} },
		receipt: func(page []model.Health) peer.Batch {
			// Of a state that goes on, only the whole says what is here.
			b := peer.Batch{Synced: true}
			for i := range page {
				if page[i].Content() == page[i].UID() {
					b.HealthAcks = append(b.HealthAcks, page[i].UID())
				} else {
					b.Healths = append(b.Healths, page[i])
				}
			}
			return b
		},
	}
	s.receive = func(ctx context.Context, page []model.Health) (peer.Batch, error) {
		good := make([]model.Health, 0, len(page))
		for _, h := range page {
			if err := h.Validate(); err != nil {
				r.refused("a health status of the node can't be stored", h.UID(), err.Error())
				continue
			}
			good = append(good, h)
		}
		if len(good) == 0 {
			return peer.Batch{}, nil
		}
		if err := r.store.AbsorbHealths(ctx, good, true); err != nil {
			return peer.Batch{}, own("store", err)
		}
		return s.receipt(good), nil
	}
	return s
}

// receive stores entries of the node, with their corrections.
func (r *run) receive(ctx context.Context, records []model.Record) (peer.Batch, error) {
	answer := peer.Batch{Synced: true}
	receipts, err := r.store.Receive(ctx, records, true)
	if err != nil {
		return answer, own("store", err)
	}
	for i, receipt := range receipts {
		id := records[i].Entry.Fingerprint()
		switch {
		case receipt.Refused != nil:
			r.refused("a record of the node can't be stored", id, receipt.Refused.Error())
		case receipt.Merged != nil && r.edition.Holds(records[i], *receipt.Merged):
			answer.Acks = append(answer.Acks, model.Ack{Fingerprint: id, Content: records[i].Content()})
		case receipt.Merged != nil:
			answer.Records = append(answer.Records, *receipt.Merged)
		default:
			answer.Acks = append(answer.Acks, model.Ack{Fingerprint: id, Content: receipt.Content})
		}
	}
	return answer, nil
}

// oldest returns when the first record of either side was, or now if there is
// none.
func (s stock[T]) oldest(ctx context.Context, source int) (time.Time, error) {
	here, _, err := s.here(ctx, model.RecordQuery{Source: source, Limit: 1})
	if err != nil {
		return time.Time{}, own("read the first of "+string(s.kind), err)
	}
	there, _, err := s.there(ctx, source, time.Time{}, time.Time{}, "", 1)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask for the first of %s: %w", s.kind, err)
	}
	oldest := time.Now()
	for _, first := range append(here, there...) {
		if at := s.at(&first); at.Before(oldest) {
			oldest = at
		}
	}
	return oldest, nil
}

// ours reads the records that are here in a range of time, page by page.
func (s stock[T]) ours(source int, from, to time.Time, limit int) func(context.Context, *model.Position) ([]T, *model.Position, error) {
	return func(ctx context.Context, after *model.Position) ([]T, *model.Position, error) {
		page, next, err := s.here(ctx, model.RecordQuery{Source: source, From: from, To: to, After: after, Limit: limit})
		if err != nil {
			err = own("read", err)
		}
		return page, next, err
	}
}

// theirs fetches the node's records in a range of time, page by page.
func (s stock[T]) theirs(source int, from, to time.Time) func(context.Context, string) ([]T, string, error) {
	return func(ctx context.Context, after string) ([]T, string, error) {
		page, next, err := s.there(ctx, source, from, to, after, s.batch)
		if err != nil {
			err = fmt.Errorf("fetch: %w", err)
		}
		return page, next, err
	}
}
