package reconcile

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/playlog"
)

// memory keeps records in the simplest way. It is the sync node's store or,
// with a host's number, a node.
type memory struct {
	rules []model.HeardRule // as told by a node
	host  int               // 0: the sync node's store
	// purges are which plays are gone.
	purges model.Purges

	mu      sync.Mutex
	records map[model.Fingerprint]model.Record // Entry.Synced means that nothing waits
	healths map[model.Fingerprint]bool         // true means that nothing waits
	health  map[model.Fingerprint]model.Health
	clocks  map[int]model.Clock
	// activations are in the order of arrival, each content once.
	activations []model.Activation
	offset      time.Duration
	refused     int64 // how many of the sent records were refused
	journal     model.Journal
	warnings    []string
	numbers     map[model.Fingerprint]int64 // the numbers of rows
	rebuilt     int                         // how often the on-air log was checked
	// poison is the title of entries that can't be stored.
	poison string
	older  bool // the node is of the first edition
}

func newMemory(host int) *memory {
	return &memory{
		host: host, records: map[model.Fingerprint]model.Record{}, healths: map[model.Fingerprint]bool{},
		health: map[model.Fingerprint]model.Health{}, clocks: map[int]model.Clock{}, numbers: map[model.Fingerprint]int64{},
	}
}

// absorb merges a record, as a database does.
func (m *memory) absorb(r model.Record, synced bool) playlog.Receipt {
	r.Normalize()
	r.Entry.Synced = false
	if m.older {
		r.Entry.MediaID, r.Entry.ReceivedAt, r.Entry.Told, r.Entry.Doubts = 0, time.Time{}, "", ""
	}
	if m.poison != "" && r.Entry.Title == m.poison {
		return playlog.Receipt{Refused: errors.New("poison")}
	}
	id, came := r.Entry.Fingerprint(), r.Content()
	merged := r
	if known, ok := m.records[id]; ok {
		merged = model.MergeRecords(known, r)
	}
	content := merged.Content()
	if m.host == 0 || synced && content == came {
		merged.Entry.Synced = true
	}
	m.records[id] = merged
	receipt := playlog.Receipt{Content: content}
	if content != came {
		receipt.Merged = &merged
	}
	return receipt
}

// put is absorb for tests.
func (m *memory) put(records ...model.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range records {
		m.absorb(r, false)
	}
}

func (m *memory) putHealths(synced bool, healths ...model.Health) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range healths {
		id := h.UID()
		m.health[id] = h
		m.healths[id] = m.healths[id] || synced || m.host == 0
	}
}

func (m *memory) Receive(_ context.Context, records []model.Record, synced bool) ([]playlog.Receipt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	receipts := make([]playlog.Receipt, len(records))
	for i, r := range records {
		receipts[i] = m.absorb(r, synced)
	}
	return receipts, nil
}

func (m *memory) Occurrence(_ context.Context, e model.Entry, other time.Time) (model.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	twin := e
	twin.TrackStart = other
	if _, known := m.records[twin.Fingerprint()]; known && !other.IsZero() {
		return twin, nil
	}
	return e, nil
}

func (m *memory) AbsorbHealths(_ context.Context, hs []model.Health, synced bool) error {
	m.putHealths(synced, hs...)
	return nil
}

func (m *memory) AbsorbClocks(_ context.Context, cs []model.Clock, _ bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range cs {
		if c.SentAt.After(m.clocks[c.Source].SentAt) {
			m.clocks[c.Source] = c
		}
	}
	return nil
}

func (m *memory) ActivationsAfter(_ context.Context, after int64, limit int) ([]model.Activation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.Clone(m.activations)
	slices.SortFunc(all, func(a, b model.Activation) int { return cmp.Compare(a.Epoch, b.Epoch) })
	all = slices.DeleteFunc(all, func(a model.Activation) bool { return a.Epoch <= after })
	return all[:min(limit, len(all))], nil
}

func (m *memory) UnknownActivations(_ context.Context, theirs []model.Activation) ([]model.Activation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(theirs), func(a model.Activation) bool {
		return slices.ContainsFunc(m.activations, func(known model.Activation) bool { return known.Content() == a.Content() })
	}), nil
}

// RememberActivations ignores epochs; the real database handles them.
func (m *memory) RememberActivations(ctx context.Context, theirs []model.Activation) (int, error) {
	unknown, _ := m.UnknownActivations(ctx, theirs)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.activations = append(m.activations, unknown...)
	return len(unknown), nil
}

// looked returns how often the on-air log was checked.
func (m *memory) looked() int {
	synctest.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rebuilt
}

func (m *memory) Rebuild(context.Context, func(done, total int64)) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rebuilt++
	return 0, nil
}

func (m *memory) Clock(_ context.Context, source int) (model.Clock, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c, ok := m.clocks[source]; ok {
		return c, nil
	}
	return model.Clock{}, model.ErrNotFound
}

func (m *memory) Digests(_ context.Context, q model.DigestQuery) ([]model.Digest, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sums := map[time.Time]model.Digest{}
	add := func(source int, at time.Time, content model.Content) {
		if source != q.Source || !isWithin(at, q.From, q.To) {
			return
		}
		d := sums[bucket(q.Span, at)]
		d.From, d.Count, d.Sum = bucket(q.Span, at), d.Count+1, d.Sum.Xor(content)
		sums[d.From] = d
	}
	if q.Kind == model.KindHealth {
		for id, h := range m.health {
			add(h.Source, h.LogTime, model.Content{Base: id})
		}
	} else {
		for _, r := range m.records {
			add(r.Entry.LogSource, r.Entry.PlayedAt(), r.Content())
		}
	}
	var digests []model.Digest
	for _, d := range sums {
		digests = append(digests, d)
	}
	slices.SortFunc(digests, func(a, b model.Digest) int { return a.From.Compare(b.From) })
	return digests, nil
}

func isWithin(at, from, to time.Time) bool {
	return !at.Before(from) && (to.IsZero() || at.Before(to))
}

// list returns copies in the order of the pages.
func (m *memory) list(source int, from, to time.Time) []model.Record {
	var all []model.Record
	for _, r := range m.records {
		if r.Entry.LogSource == source && isWithin(r.Entry.PlayedAt(), from, to) {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b model.Record) int { return comparePositions(m.place(a), m.place(b)) })
	return all
}

func (m *memory) listHealths(source int, from, to time.Time) []model.Health {
	var all []model.Health
	for _, h := range m.health {
		if h.Source == source && isWithin(h.LogTime, from, to) {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b model.Health) int { return comparePositions(m.placeHealth(a), m.placeHealth(b)) })
	return all
}

func (m *memory) place(r model.Record) model.Position {
	return model.Position{PlayedAt: r.Entry.PlayedAt(), ID: m.number(r.Entry.Fingerprint())}
}

func (m *memory) placeHealth(h model.Health) model.Position {
	return model.Position{PlayedAt: h.LogTime, ID: m.number(h.UID())}
}

// number returns a row's number, which stays the same.
func (m *memory) number(id model.Fingerprint) int64 {
	if _, ok := m.numbers[id]; !ok {
		m.numbers[id] = int64(len(m.numbers) + 1)
	}
	return m.numbers[id]
}

func comparePositions(a, b model.Position) int {
	return cmp.Or(a.PlayedAt.Compare(b.PlayedAt), cmp.Compare(a.ID, b.ID))
}

// behind returns the page after a position in a list, so that changes of the
// list between two pages hide nothing.
func behind[T any](all []T, after *model.Position, limit int, place func(T) model.Position) ([]T, *model.Position, error) {
	if after != nil {
		all = slices.DeleteFunc(all, func(one T) bool { return comparePositions(place(one), *after) <= 0 })
	}
	if len(all) <= limit {
		return all, nil, nil
	}
	all = all[:limit]
	next := place(all[limit-1])
	return all, &next, nil
}

// page returns a page of a list by its offset.
func page[T any](all []T, skip, limit int) []T {
	all = all[min(skip, len(all)):]
	return all[:min(limit, len(all))]
}

func (m *memory) Records(_ context.Context, q model.RecordQuery) ([]model.Record, *model.Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return behind(m.list(q.Source, q.From, q.To), q.After, q.Limit, m.place)
}

func (m *memory) HealthRecords(_ context.Context, q model.RecordQuery) ([]model.Health, *model.Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return behind(m.listHealths(q.Source, q.From, q.To), q.After, q.Limit, m.placeHealth)
}

// memoryNode is a memory with a node's interface.
type memoryNode struct{ *memory }

func (n memoryNode) Rules(context.Context) ([]model.HeardRule, error) { return n.rules, nil }

func (m *memory) Purges(context.Context) (model.Purges, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.host != 0 && m.older {
		return nil, peer.ErrUnsupported
	}
	return slices.Clone(m.purges), nil
}

func (m *memory) DecidedHere(context.Context, model.Purge) (bool, error) { return false, nil }

func (m *memory) LearnPurges(_ context.Context, theirs []model.Purge) (news model.Purges, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range theirs {
		if !slices.ContainsFunc(m.purges, func(known model.Purge) bool { return known.UID() == p.UID() }) {
			news, m.purges = append(news, p), append(m.purges, p)
		}
	}
	return news, nil
}

func (n memoryNode) State(context.Context) (peer.State, time.Duration, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	state := peer.State{HostID: n.host, Edition: model.ThisEdition}
	if n.older {
		state.Edition = 0
	}
	state.Outbox.Parked = n.refused
	state.Journal, state.Warnings = n.journal, n.warnings
	for _, r := range n.records {
		if !r.Entry.Synced {
			state.Outbox.Entries++
			if at := r.Entry.PlayedAt(); state.Outbox.Oldest.IsZero() || at.Before(state.Outbox.Oldest) {
				state.Outbox.Oldest = at
			}
		}
	}
	for _, synced := range n.healths {
		if !synced {
			state.Outbox.Healths++
		}
	}
	for _, c := range n.clocks {
		state.Clocks = append(state.Clocks, c)
	}
	return state, n.offset, nil
}

func (n memoryNode) Records(ctx context.Context, source int, from, to time.Time, after string, limit int) ([]model.Record, string, error) {
	records, next, err := n.memory.Records(ctx, model.RecordQuery{Source: source, From: from, To: to, After: position(after), Limit: limit})
	return records, cursor(next), err
}

func (n memoryNode) Healths(ctx context.Context, source int, from, to time.Time, after string, limit int) ([]model.Health, string, error) {
	healths, next, err := n.HealthRecords(ctx, model.RecordQuery{Source: source, From: from, To: to, After: position(after), Limit: limit})
	return healths, cursor(next), err
}

func cursor(p *model.Position) string {
	if p == nil {
		return ""
	}
	return p.PlayedAt.Format(time.RFC3339Nano) + "/" + strconv.FormatInt(p.ID, 10)
}

func position(cursor string) *model.Position {
	if cursor == "" {
		return nil
	}
	at, number, _ := strings.Cut(cursor, "/")
	p := &model.Position{}
	p.PlayedAt, _ = time.Parse(time.RFC3339Nano, at)
	p.ID, _ = strconv.ParseInt(number, 10, 64)
	return p
}

func (n memoryNode) Send(ctx context.Context, b peer.Batch) (peer.Results, error) {
	receipts, err := n.Receive(ctx, b.Records, b.Synced)
	if err != nil {
		return peer.Results{}, err
	}
	results := peer.Results{Records: make([]peer.Result, len(receipts)), Healths: make([]peer.Result, len(b.Healths)), Clocks: make([]peer.Result, len(b.Clocks))}
	for i, r := range receipts {
		results.Records[i] = peer.Result{Content: r.Content.Base, Merged: r.Merged}
		if r.Refused != nil {
			results.Records[i] = peer.Result{Refused: r.Refused.Error()}
		}
	}
	n.putHealths(b.Synced, b.Healths...)
	if err := n.AbsorbClocks(ctx, b.Clocks, b.Synced); err != nil {
		return peer.Results{}, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, ack := range b.Acks {
		if r, ok := n.records[ack.Fingerprint]; ok && r.Content() == ack.Content {
			r.Entry.Synced = true
			n.records[ack.Fingerprint] = r
		}
	}
	for _, uid := range b.HealthAcks {
		if _, ok := n.healths[uid]; ok {
			n.healths[uid] = true
		}
	}
	return results, nil
}

// push does what the node's own outbox does: it sends up to limit of the
// waiting records.
func (n memoryNode) push(store *memory, limit int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, r := range n.records {
		if r.Entry.Synced || limit == 0 {
			continue
		}
		limit--
		store.mu.Lock()
		receipt := store.absorb(r, false)
		store.mu.Unlock()
		switch {
		case receipt.Refused != nil:
		case receipt.Merged != nil:
			n.absorb(*receipt.Merged, true)
		default:
			r.Entry.Synced = true
			n.records[id] = r
		}
	}
}

// troubled is a node and the network in front of it. before is called with the
// number of each call before the call is made, after when it was made. If
// either returns an error, the error is the answer.
type troubled struct {
	Node
	before, after func(call int) error

	mu    sync.Mutex
	calls int
}

func (n *troubled) do(ctx context.Context, call func() error) error {
	n.mu.Lock()
	n.calls++
	number := n.calls
	n.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := n.before(number); err != nil {
		return err
	}
	if err := call(); err != nil {
		return err
	}
	if n.after == nil {
		return nil
	}
	return n.after(number)
}

func (n *troubled) State(ctx context.Context) (state peer.State, offset time.Duration, _ error) {
	return state, offset, n.do(ctx, func() (err error) { state, offset, err = n.Node.State(ctx); return err })
}

func (n *troubled) Digests(ctx context.Context, q model.DigestQuery) (digests []model.Digest, _ error) {
	return digests, n.do(ctx, func() (err error) { digests, err = n.Node.Digests(ctx, q); return err })
}

func (n *troubled) Records(ctx context.Context, source int, from, to time.Time, after string, limit int) (records []model.Record, next string, _ error) {
	return records, next, n.do(ctx, func() (err error) {
		records, next, err = n.Node.Records(ctx, source, from, to, after, limit)
		return err
	})
}

func (n *troubled) Healths(ctx context.Context, source int, from, to time.Time, after string, limit int) (healths []model.Health, next string, _ error) {
	return healths, next, n.do(ctx, func() (err error) {
		healths, next, err = n.Node.Healths(ctx, source, from, to, after, limit)
		return err
	})
}

func (n *troubled) ActivationsAfter(ctx context.Context, after int64, limit int) (list []model.Activation, _ error) {
	return list, n.do(ctx, func() (err error) { list, err = n.Node.ActivationsAfter(ctx, after, limit); return err })
}

func (n *troubled) Rules(ctx context.Context) (list []model.HeardRule, _ error) {
	return list, n.do(ctx, func() (err error) { list, err = n.Node.Rules(ctx); return err })
}

func (n *troubled) Purges(ctx context.Context) (list model.Purges, _ error) {
	return list, n.do(ctx, func() (err error) { list, err = n.Node.Purges(ctx); return err })
}

func (n *troubled) Send(ctx context.Context, b peer.Batch) (results peer.Results, _ error) {
	return results, n.do(ctx, func() (err error) { results, err = n.Node.Send(ctx, b); return err })
}

// leases is the lease in a database.
type leases struct {
	mu      sync.Mutex
	holder  string
	expires time.Time
	err     error // what the database answers, if set
	asked   int
}

func (l *leases) AcquireLease(_ context.Context, name, holder string, ttl time.Duration) (model.Lease, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	if l.err != nil {
		return model.Lease{}, l.err
	}
	if now := time.Now(); l.holder == holder || !now.Before(l.expires) {
		l.holder, l.expires = holder, now.Add(ttl)
	}
	return model.Lease{Name: name, Holder: l.holder, Remaining: time.Until(l.expires)}, nil
}

func (l *leases) ReleaseLease(_ context.Context, _, holder string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holder == holder {
		l.expires = time.Time{}
	}
	return nil
}

func (l *leases) set(change func(*leases)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(l)
}
