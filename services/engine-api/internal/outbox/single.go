package outbox

import (
	"context"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer/original"
)

const (
	// probeEvery is how often batches are tried with a peer that did not know
	// them, because the peer may have been replaced.
	probeEvery = 10 * time.Minute
	// maxReadSingly is how many entries are read to be sent one by one.
	maxReadSingly = 100
)

// becomeSingle starts to send entries one by one for a while.
func (p *Pusher) becomeSingle() {
	if p.singleUntil.IsZero() {
		p.log.Info().Msg("the sync node does not support batches; entries are sent one by one")
	}
	p.singleUntil = time.Now().Add(probeEvery)
}

// becomeBatched notes that the peer took a batch.
func (p *Pusher) becomeBatched() {
	if !p.singleUntil.IsZero() {
		p.singleUntil = time.Time{}
		p.log.Info().Msg("the sync node supports batches now")
	}
}

// drainSingly sends the waiting entries one by one. done is false when it is
// time to try batches again.
func (p *Pusher) drainSingly(ctx context.Context) (done bool, err error) {
	for {
		records, err := p.store.Unsynced(ctx, maxReadSingly)
		if err != nil {
			return false, storeError{err}
		}
		taken := p.taken
		p.taken = map[version]int{}
		fresh, stuck := sift(p.taken, taken, nil, records, recordVersion)
		if err := p.parkStuck(ctx, stuck); err != nil {
			return false, err
		}
		for _, r := range fresh {
			if !time.Now().Before(p.singleUntil) {
				return false, nil
			}
			if err := p.check(ctx); err != nil {
				return false, err
			}
			if err := p.sendOne(ctx, r); err != nil {
				return false, err
			}
		}
		if len(records) < maxReadSingly {
			return true, nil
		}
	}
}

// sendOne sends an entry without its corrections. An entry that a person
// declared void is left out. If the sync node is replaced, passive sync brings
// the entry there, because it compares all records of this node's own source.
func (p *Pusher) sendOne(ctx context.Context, r item[model.Record]) error {
	if !r.value.Entry.Overlay.Void {
		if err := p.storeOne(ctx, r.value.Entry); original.Refuses(err) {
			if err := p.refuse(ctx, r.version, err.Error()); err != nil {
				return err
			}
			if p.refusals++; p.refusals > maxRefusals {
				return err
			}
			return nil
		} else if err != nil {
			return err
		}
	}
	p.refusals = 0
	p.metrics.succeeded()
	if err := p.store.MarkSynced(ctx, []model.Ack{{Fingerprint: r.version.uid, Content: r.version.content}}); err != nil {
		return storeError{err}
	}
	p.took([]version{r.version})
	p.failures = 0
	return nil
}

func (p *Pusher) storeOne(ctx context.Context, e model.Entry) error {
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	return p.original.Store(ctx, e)
}
