package playlog

import (
	"context"
	"errors"
	"fmt"

	"aura.radio/engine/pkg/model"
)

// Receipt is the outcome for one record of another node.
type Receipt struct {
	// Content is the hash of the record as the store has it now.
	Content model.Content
	// Merged is the whole record if the store knows more than the copy that
	// arrived.
	Merged *model.Record
	// Refused is why the record was not stored, and will not be stored however
	// often it is sent; nil if it was stored. An *model.InvalidError says what
	// is wrong with it.
	Refused error
}

// Receive stores records of another node as that node has them. A node has
// already accepted them, so they are not judged again by the rules for people.
// There is a receipt for each record, in order. A refused record does not hold
// up the others. All records that are not refused are durable when Receive
// returns. synced: the sync node sent them. Errors: model.ErrUnavailable,
// model.ErrOverloaded, the end of ctx, or that the store takes nothing at all.
// After an error some records may be stored; sending all again changes nothing.
func (r *Recorder) Receive(ctx context.Context, records []model.Record, synced bool) ([]Receipt, error) {
	receipts := make([]Receipt, len(records))
	good := make([]model.Record, 0, len(records))
	place := make([]int, 0, len(records)) // the index in receipts of each good record
	for i := range records {
		record := records[i]
		record.Normalize()
		if err := record.Validate(); err != nil {
			receipts[i].Refused = err
			continue
		}
		good = append(good, record)
		place = append(place, i)
	}
	if len(good) == 0 {
		return receipts, nil
	}
	absorbed, err := r.store.Absorb(ctx, good, synced)
	if err == nil {
		for i, a := range absorbed {
			receipts[place[i]] = receiptOf(a)
		}
		r.changed()
		return receipts, nil
	}
	if mayPass(ctx, err) {
		return nil, fmt.Errorf("receive records: %w", err)
	}
	// One of the records may be at fault.
	stored := 0 // or refused by a purge, which the store knows
	for i := range good {
		receipt := &receipts[place[i]]
		*receipt, err = r.receiveOne(ctx, good[i], synced)
		if err != nil {
			return nil, err
		}
		if isJudged := errors.As(receipt.Refused, new(*model.InvalidError)); receipt.Refused == nil || isJudged {
			stored++
		}
	}
	if stored == 0 {
		if err := r.doubt(ctx, good, receipts[place[0]].Refused); err != nil {
			return nil, err
		}
	}
	return receipts, nil
}

func receiptOf(a model.Absorbed) Receipt {
	receipt := Receipt{Content: a.Content, Merged: a.Merged}
	if a.Refused != nil {
		receipt.Refused = a.Refused
	}
	return receipt
}

func (r *Recorder) receiveOne(ctx context.Context, record model.Record, synced bool) (Receipt, error) {
	absorbed, err := r.store.Absorb(ctx, []model.Record{record}, synced)
	switch {
	case err == nil:
		r.changed()
		return receiptOf(absorbed[0]), nil
	case mayPass(ctx, err):
		return Receipt{}, fmt.Errorf("receive record: %w", err)
	}
	r.log.Error().Err(err).Stringer("fingerprint", record.Entry.Fingerprint()).Int("log_source", record.Entry.LogSource).
		Time("track_start", record.Entry.TrackStart).Msg("a record of another node can't be stored")
	return Receipt{Refused: err}, nil
}

// doubt decides whether the store itself fails if it took none of the records.
// Then no record may be refused, because a refusal is final.
func (r *Recorder) doubt(ctx context.Context, records []model.Record, refused error) error {
	if len(records) > 1 {
		return fmt.Errorf("receive records: none can be stored: %w", refused)
	}
	if _, err := r.store.EntryWith(ctx, records[0].Entry.Fingerprint()); err != nil && !errors.Is(err, model.ErrNotFound) {
		return fmt.Errorf("receive record: %w", err)
	}
	return nil
}

// mayPass tells a failure of the store from a failure caused by the records.
func mayPass(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, model.ErrUnavailable) || errors.Is(err, model.ErrOverloaded)
}
