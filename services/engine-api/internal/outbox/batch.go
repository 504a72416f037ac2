package outbox

import (
	"context"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// Bounds of what is read and sent at once.
const (
	// maxRead and maxReadHealths bound what one look into the outbox reads. That
	// is several batches, because records on their way are still in the outbox
	// and are read again.
	maxRead        = 8000
	maxReadHealths = 400
	// maxRecords, maxHealths and maxClocks bound a batch. Each batch costs the
	// sync node a transaction, and costs the website its cached answers. A
	// backlog is sent a third faster in batches of 1000 records than of 500.
	maxRecords = 1000
	maxHealths = 100
	maxClocks  = 100
	// minRecords is the size to which batches shrink, by halves, while the sync
	// node can't process one in time. With each batch that it takes, the next
	// ones grow by one part in growth. So most of the time is spent on batches
	// that succeed.
	minRecords = 10
	growth     = 8
	// maxTaken is how often the same version of a record is sent if the peer
	// takes it and it still stays in the outbox.
	maxTaken = 3
)

// version is a state of a record that the peer can have.
type version struct {
	kind    model.Kind
	uid     model.Fingerprint
	content model.Content
}

// item is a record or a health status of a batch with its version, which is
// computed once.
type item[T any] struct {
	value   T
	version version
}

// batch is what one or several requests carry.
type batch struct {
	records []item[model.Record]
	healths []item[model.Health]
	clocks  []model.Clock
}

func (b batch) len() int { return len(b.records) + len(b.healths) + len(b.clocks) }

func (b batch) message(from *model.Identity) peer.Batch {
	return peer.Batch{From: from, Records: values(b.records), Healths: values(b.healths), Clocks: b.clocks}
}

func values[T any](items []item[T]) []T {
	list := make([]T, len(items))
	for i := range items {
		list[i] = items[i].value
	}
	return list
}

func (b batch) versions() map[version]bool {
	set := make(map[version]bool, b.len())
	for i := range b.records {
		set[b.records[i].version] = true
	}
	for i := range b.healths {
		set[b.healths[i].version] = true
	}
	return set
}

// halves splits a batch of at least two.
func (b batch) halves() (first, second batch) {
	n := b.len() / 2
	first.records, second.records = cut(b.records, n)
	first.healths, second.healths = cut(b.healths, n-len(first.records))
	first.clocks, second.clocks = cut(b.clocks, n-len(first.records)-len(first.healths))
	return first, second
}

// cut splits a list after its first n elements.
func cut[T any](list []T, n int) (first, second []T) {
	n = min(n, len(list))
	return list[:n], list[n:]
}

// read returns what waits, oldest first, without what is under way. more
// reports that more may wait than was read.
func (p *Pusher) read(ctx context.Context, underWay batch) (waiting batch, more bool, err error) {
	records, err := p.store.Unsynced(ctx, p.look)
	if err != nil {
		return batch{}, false, storeError{err}
	}
	healths, err := p.store.UnsyncedHealths(ctx, maxReadHealths)
	if err != nil {
		return batch{}, false, storeError{err}
	}
	clocks, err := p.store.UnsyncedClocks(ctx)
	if err != nil {
		return batch{}, false, storeError{err}
	}
	more = len(records) == p.look || len(healths) == maxReadHealths
	skip := underWay.versions()
	taken := p.taken
	p.taken = map[version]int{} // what is no longer in the outbox is done
	var stuckRecords, stuckHealths []version
	waiting.records, stuckRecords = sift(p.taken, taken, skip, records, recordVersion)
	waiting.healths, stuckHealths = sift(p.taken, taken, skip, healths, healthVersion)
	if err := p.parkStuck(ctx, append(stuckRecords, stuckHealths...)); err != nil {
		return batch{}, false, err
	}
	if len(underWay.clocks) == 0 {
		waiting.clocks = clocks
	}
	return waiting, more, nil
}

func recordVersion(r *model.Record) version {
	return version{model.KindEntry, r.Entry.Fingerprint(), r.Content()}
}

func healthVersion(h *model.Health) version {
	uid := h.UID()
	return version{model.KindHealth, uid, model.Content{Base: uid, Supplement: h.Content()}}
}

// sift splits what was read into what is to be sent and what was sent too
// often. In keep it notes how often each remaining version was taken.
func sift[T any](keep, taken map[version]int, skip map[version]bool, read []T, versionOf func(*T) version) (fresh []item[T], stuck []version) {
	fresh = make([]item[T], 0, len(read))
	for i := range read {
		v := versionOf(&read[i])
		n := taken[v]
		if n > 0 {
			keep[v] = n
		}
		switch {
		case skip[v]:
		case n >= maxTaken:
			stuck = append(stuck, v)
		default:
			fresh = append(fresh, item[T]{read[i], v})
		}
	}
	return fresh, stuck
}

// take cuts off the content of the next request, with at most that many
// records. The first requests have something of each kind, so that statuses and
// clocks don't wait behind many entries.
func (b *batch) take(records int) (next batch) {
	next.records, b.records = cut(b.records, records)
	next.healths, b.healths = cut(b.healths, maxHealths)
	next.clocks, b.clocks = cut(b.clocks, maxClocks)
	return next
}
