package outbox

import (
	"context"
	"errors"
	"fmt"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// maxRefusals is how many single records in a row may be refused by the status
// of a whole request. Each further refusal counts as a failure of the peer,
// with a pause after it. The peer, or something on the way to it, may refuse
// everything.
const maxRefusals = 3

// delivery is a batch and the peer's answer.
type delivery struct {
	batch   batch
	results peer.Results
	err     error
}

// drain sends all that waits, in batches. While one batch is under way, the
// answer to the previous one is settled. If the last read was full, the next
// records are read meanwhile. drain returns at the first failure. What was sent
// and not settled is sent again.
func (p *Pusher) drain(ctx context.Context) error {
	waiting, more, err := p.read(ctx, batch{})
	if err != nil {
		return err
	}
	if waiting.len() > 0 {
		if err := p.check(ctx); err != nil {
			return err
		}
	}
	var refused []batch // parts of batches that were refused as a whole; they go first
	var answered delivery
	for waiting.len()+len(refused) > 0 {
		var next batch
		if len(refused) > 0 {
			next, refused = refused[0], refused[1:]
		} else {
			next = waiting.take(p.batchRecords)
		}
		underWay := p.launch(ctx, next)
		err := p.settle(ctx, answered)
		if err == nil && more && waiting.len()+len(refused) == 0 {
			waiting, more, err = p.read(ctx, next)
		}
		answered = <-underWay
		if err != nil {
			return err
		}
		if answered.err != nil {
			parts, err := p.refused(ctx, answered)
			if err != nil {
				return err
			}
			refused = append(parts, refused...)
			answered = delivery{}
		}
	}
	return p.settle(ctx, answered)
}

// launch sends a batch. The channel delivers the answer, which must be
// received.
func (p *Pusher) launch(ctx context.Context, b batch) <-chan delivery {
	done := make(chan delivery, 1)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
		defer cancel()
		d := delivery{batch: b}
		d.results, d.err = p.peer.Send(ctx, b.message(p.from()))
		if d.err == nil {
			d.err = d.complete()
		}
		done <- d
	}()
	return done
}

// errIncomplete: it is unknown what the peer did with which record.
var errIncomplete = errors.New("the sync node did not answer for each record")

func (d *delivery) complete() error {
	if len(d.results.Records) != len(d.batch.records) || len(d.results.Healths) != len(d.batch.healths) ||
		len(d.results.Clocks) != len(d.batch.clocks) {
		return errIncomplete
	}
	return nil
}

// refused handles a request that failed as a whole. If its content is at fault,
// refused returns the two halves of the batch, to be sent at once. A batch of
// one record is parked. Otherwise refused returns the error.
func (p *Pusher) refused(ctx context.Context, d delivery) ([]batch, error) {
	if !refusesContent(d.err) {
		return nil, d.err
	}
	if d.batch.len() > 1 {
		first, second := d.batch.halves()
		return []batch{first, second}, nil
	}
	reason := d.err.Error()
	for _, r := range d.batch.records {
		if err := p.refuse(ctx, r.version, reason); err != nil {
			return nil, err
		}
	}
	for _, h := range d.batch.healths {
		if err := p.refuse(ctx, h.version, reason); err != nil {
			return nil, err
		}
	}
	for _, c := range d.batch.clocks {
		if err := p.refuseClock(ctx, c, reason); err != nil {
			return nil, err
		}
	}
	if p.refusals++; p.refusals > maxRefusals {
		return nil, d.err
	}
	return nil, nil
}

// settle records what the peer answered. The zero delivery needs nothing.
func (p *Pusher) settle(ctx context.Context, d delivery) error {
	if d.batch.len() == 0 {
		return nil
	}
	p.refusals = 0
	p.batchRecords = min(p.batchRecords+p.batchRecords/growth+1, maxRecords)
	p.becomeBatched()
	p.metrics.succeeded()
	p.twin.answered(d.results.Twin)
	if err := p.settleRecords(ctx, d); err != nil {
		return err
	}
	if err := p.settleHealths(ctx, d); err != nil {
		return err
	}
	if err := p.settleClocks(ctx, d); err != nil {
		return err
	}
	p.failures = 0 // only now, because everything is sent again if this node can't write
	return nil
}

func (p *Pusher) settleRecords(ctx context.Context, d delivery) error {
	var taken, merged []version
	var acks []model.Ack
	var known []model.Record // with more than was sent
	for i, result := range d.results.Records {
		sent := &d.batch.records[i]
		v := sent.version
		switch {
		case result.Refused != "":
			if err := p.refuse(ctx, v, result.Refused); err != nil {
				return err
			}
		case result.Merged == nil:
			taken = append(taken, v)
			acks = append(acks, model.Ack{Fingerprint: v.uid, Content: v.content, ID: sent.value.Entry.ID})
		case result.Merged.Entry.Fingerprint() != v.uid:
			if err := p.refuse(ctx, v, "the sync node answered with another record"); err != nil {
				return err
			}
		default:
			merged = append(merged, v)
			known = append(known, *result.Merged)
		}
	}
	if len(acks) > 0 {
		if err := p.store.MarkSynced(ctx, acks); err != nil {
			return storeError{err}
		}
		p.took(taken)
	}
	return p.merge(ctx, merged, known)
}

// merge takes over what the sync node knows in addition about records.
func (p *Pusher) merge(ctx context.Context, versions []version, known []model.Record) error {
	if len(known) == 0 {
		return nil
	}
	receipts, err := p.receiver.Receive(ctx, known, true)
	if err != nil {
		return storeError{err}
	}
	var taken []model.Ack
	for i, receipt := range receipts {
		if receipt.Refused == nil {
			p.metrics.merged()
			p.took(versions[i : i+1])
			if v := versions[i]; receipt.Content == v.content {
				taken = append(taken, model.Ack{Fingerprint: v.uid, Content: v.content})
			}
		} else if err := p.refuse(ctx, versions[i], fmt.Sprintf("the sync node's additional data can't be merged here: %v", receipt.Refused)); err != nil {
			return err
		}
	}
	if len(taken) == 0 {
		return nil
	}
	// A sync node of an older version keeps other values, which are no news here.
	if err := p.store.MarkSynced(ctx, taken); err != nil {
		return storeError{err}
	}
	return nil
}

// took counts the versions that the peer has and that the store was told of.
func (p *Pusher) took(versions []version) {
	for _, v := range versions {
		p.taken[v]++
		p.metrics.pushed(v.kind, 1)
	}
}

func (p *Pusher) settleHealths(ctx context.Context, d delivery) error {
	var taken []version
	var states []model.Health
	for i, result := range d.results.Healths {
		v := d.batch.healths[i].version
		if result.Refused == "" {
			taken = append(taken, v)
			states = append(states, d.batch.healths[i].value)
		} else if err := p.refuse(ctx, v, result.Refused); err != nil {
			return err
		}
	}
	if len(states) == 0 {
		return nil
	}
	if err := p.store.AbsorbHealths(ctx, states, true); err != nil {
		return storeError{err}
	}
	p.took(taken)
	return nil
}

func (p *Pusher) settleClocks(ctx context.Context, d delivery) error {
	var taken []model.Clock
	for i, result := range d.results.Clocks {
		if result.Refused == "" {
			taken = append(taken, d.batch.clocks[i])
			continue
		}
		if err := p.refuseClock(ctx, d.batch.clocks[i], result.Refused); err != nil {
			return err
		}
	}
	if len(taken) == 0 {
		return nil
	}
	if err := p.store.MarkClocksSynced(ctx, taken); err != nil {
		return storeError{err}
	}
	p.metrics.pushed(kindClock, len(taken))
	return nil
}

// refuse parks what the sync node refused.
func (p *Pusher) refuse(ctx context.Context, v version, reason string) error {
	p.metrics.refused(v.kind)
	return p.park(ctx, v, reason)
}

func (p *Pusher) park(ctx context.Context, v version, reason string) error {
	if err := p.store.Park(ctx, v.kind, v.uid, reason); err != nil {
		return storeError{err}
	}
	delete(p.taken, v)
	p.log.Warn().Str("kind", string(v.kind)).Stringer("uid", v.uid).Str("reason", reason).Msg("a record is parked")
	return nil
}

// parkStuck parks what was sent too often.
func (p *Pusher) parkStuck(ctx context.Context, stuck []version) error {
	for _, v := range stuck {
		if err := p.park(ctx, v, "the sync node took the record several times, but it still waits here unchanged"); err != nil {
			return err
		}
	}
	return nil
}

// refuseClock marks a refused clock as sent, because the next clock replaces
// it.
func (p *Pusher) refuseClock(ctx context.Context, c model.Clock, reason string) error {
	p.metrics.refused(kindClock)
	p.log.Warn().Int("source", c.Source).Time("sent_at", c.SentAt).Str("reason", reason).Msg("the sync node refused the studio clock")
	if err := p.store.MarkClocksSynced(ctx, []model.Clock{c}); err != nil {
		return storeError{err}
	}
	return nil
}
