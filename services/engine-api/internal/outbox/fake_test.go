package outbox

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/playlog"
)

var start = time.Date(2020, 6, 27, 17, 0, 0, 0, time.UTC)

// record returns the n-th record of source 1; the records start a minute apart.
func record(n int) model.Record {
	r := model.Record{Entry: model.Entry{LogSource: 1, TrackStart: start.Add(time.Duration(n) * time.Minute), Title: fmt.Sprint("Title ", n)}}
	r.Normalize()
	return r
}

func health(n int) model.Health {
	return model.Health{Source: 1, LogTime: start.Add(time.Duration(n) * time.Second), Healthy: n%2 == 0}
}

// row is a record in the store.
type row struct {
	record model.Record
	synced bool
	parked string // why it is parked
}

type healthRow struct {
	health model.Health
	synced bool
	parked string
}

// store is a node's database in memory. It keeps the promises of *repo.Node.
type store struct {
	mu      sync.Mutex
	rows    map[model.Fingerprint]*row
	healths map[model.Fingerprint]*healthRow
	clocks  map[int]model.Clock
	marked  map[int]time.Time // the clocks that were marked as sent
	// broken, if set, is called before each operation.
	broken func(operation string) error
	// deaf: the store ignores all marks.
	deaf  bool
	reads int
}

func newStore(records ...model.Record) *store {
	s := &store{
		rows: map[model.Fingerprint]*row{}, healths: map[model.Fingerprint]*healthRow{},
		clocks: map[int]model.Clock{}, marked: map[int]time.Time{},
	}
	s.put(records...)
	return s
}

func (s *store) begin(operation string) error {
	s.mu.Lock()
	if s.broken == nil {
		return nil
	}
	return s.broken(operation)
}

// put stores records as an engine's POST does.
func (s *store) put(records ...model.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		s.absorb(r, false)
	}
}

func (s *store) putHealth(healths ...model.Health) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range healths {
		s.healths[h.UID()] = &healthRow{health: h}
	}
}

func (s *store) putClock(c model.Clock) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clocks[c.Source] = c
}

func (s *store) absorb(r model.Record, synced bool) model.Content {
	came := r.Content()
	old := s.rows[r.Entry.Fingerprint()]
	if old == nil {
		old = &row{record: r}
		s.rows[r.Entry.Fingerprint()] = old
	} else {
		before := old.record.Content()
		old.record = model.MergeRecords(old.record, r)
		if old.record.Content() != before {
			old.synced = false
		}
	}
	if synced && old.record.Content() == came {
		old.synced, old.parked = true, ""
	}
	return old.record.Content()
}

// Receive implements Receiver: the store is its own receiver.
func (s *store) Receive(_ context.Context, records []model.Record, synced bool) ([]playlog.Receipt, error) {
	defer s.mu.Unlock()
	if err := s.begin("Receive"); err != nil {
		return nil, err
	}
	var receipts []playlog.Receipt
	for _, r := range records {
		if err := r.Validate(); err != nil {
			receipts = append(receipts, playlog.Receipt{Refused: err})
			continue
		}
		receipts = append(receipts, playlog.Receipt{Content: s.absorb(r, synced)})
	}
	return receipts, nil
}

func (s *store) Unsynced(_ context.Context, limit int) ([]model.Record, error) {
	defer s.mu.Unlock()
	if err := s.begin("Unsynced"); err != nil {
		return nil, err
	}
	s.reads++
	var waiting []model.Record
	for _, r := range s.rows {
		if !r.synced && r.parked == "" {
			waiting = append(waiting, r.record)
		}
	}
	slices.SortFunc(waiting, func(a, b model.Record) int { return a.Entry.PlayedAt().Compare(b.Entry.PlayedAt()) })
	return waiting[:min(limit, len(waiting))], nil
}

func (s *store) UnsyncedHealths(_ context.Context, limit int) ([]model.Health, error) {
	defer s.mu.Unlock()
	if err := s.begin("UnsyncedHealths"); err != nil {
		return nil, err
	}
	var waiting []model.Health
	for _, h := range s.healths {
		if !h.synced && h.parked == "" {
			waiting = append(waiting, h.health)
		}
	}
	slices.SortFunc(waiting, func(a, b model.Health) int { return a.LogTime.Compare(b.LogTime) })
	return waiting[:min(limit, len(waiting))], nil
}

func (s *store) UnsyncedClocks(context.Context) ([]model.Clock, error) {
	defer s.mu.Unlock()
	if err := s.begin("UnsyncedClocks"); err != nil {
		return nil, err
	}
	var waiting []model.Clock
	for _, source := range slices.Sorted(maps.Keys(s.clocks)) {
		if c := s.clocks[source]; !s.marked[source].Equal(c.SentAt) {
			waiting = append(waiting, c)
		}
	}
	return waiting, nil
}

func (s *store) MarkSynced(_ context.Context, acks []model.Ack) error {
	defer s.mu.Unlock()
	if err := s.begin("MarkSynced"); err != nil || s.deaf {
		return err
	}
	for _, a := range acks {
		if r := s.rows[a.Fingerprint]; r.record.Content() == a.Content {
			r.synced, r.parked = true, ""
		}
	}
	return nil
}

func (s *store) AbsorbHealths(_ context.Context, healths []model.Health, synced bool) error {
	defer s.mu.Unlock()
	if err := s.begin("AbsorbHealths"); err != nil || s.deaf {
		return err
	}
	for _, h := range healths {
		if row := s.healths[h.UID()]; synced && row.health.Content() == h.Content() {
			row.synced = true
		}
	}
	return nil
}

func (s *store) MarkClocksSynced(_ context.Context, clocks []model.Clock) error {
	defer s.mu.Unlock()
	if err := s.begin("MarkClocksSynced"); err != nil || s.deaf {
		return err
	}
	for _, c := range clocks {
		s.marked[c.Source] = c.SentAt
	}
	return nil
}

func (s *store) Park(_ context.Context, kind model.Kind, uid model.Fingerprint, reason string) error {
	defer s.mu.Unlock()
	if err := s.begin("Park"); err != nil {
		return err
	}
	if kind == model.KindHealth {
		s.healths[uid].parked = reason
	} else {
		s.rows[uid].parked = reason
	}
	return nil
}

func (s *store) Unpark(context.Context, ...model.Fingerprint) (n int64, _ error) {
	defer s.mu.Unlock()
	if err := s.begin("Unpark"); err != nil {
		return 0, err
	}
	for _, r := range s.rows {
		if r.parked != "" {
			r.parked = ""
			n++
		}
	}
	for _, h := range s.healths {
		if h.parked != "" {
			h.parked = ""
			n++
		}
	}
	return n, nil
}

func (s *store) Outbox(context.Context) (o model.Outbox, _ error) {
	defer s.mu.Unlock()
	if err := s.begin("Outbox"); err != nil {
		return o, err
	}
	for _, r := range s.rows {
		switch {
		case r.parked != "":
			o.Parked++
		case !r.synced:
			o.Entries++
			if at := r.record.Entry.PlayedAt(); o.Oldest.IsZero() || at.Before(o.Oldest) {
				o.Oldest = at
			}
		}
	}
	for _, h := range s.healths {
		switch {
		case h.parked != "":
			o.Parked++
		case !h.synced:
			o.Healths++
		}
	}
	return o, nil
}

// counts returns the counts of Outbox.
func (s *store) counts() model.Outbox {
	o, _ := s.Outbox(context.Background())
	return o
}

func (s *store) row(r model.Record) row {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.rows[r.Entry.Fingerprint()]
}

// node is a sync node in memory.
type node struct {
	mu      sync.Mutex
	records map[model.Fingerprint]model.Record
	healths map[model.Fingerprint]model.Health
	clocks  map[int]model.Clock
	// before, if set, is called before a batch is stored, and after, if set,
	// before the batch is answered. If one returns an error, the error is the
	// answer.
	before, after func(ctx context.Context, b peer.Batch) error
	// refuses, if set, returns why a record is refused.
	refuses func(r model.Record) string
	// knows, if set, is merged into every record that arrives.
	knows func(r model.Record) model.Record
	// another, if set, is why the node is not a sync node.
	another error
	checks  int
	// twin is told of with each answer.
	twin string
	// single: the node knows no batches.
	single bool
	// refusesOne, if set, gives the answer of Store.
	refusesOne func(e model.Entry) error

	sent    []time.Time // the time of every request
	batches []peer.Batch
	ones    []model.Entry
}

func newNode() *node {
	return &node{records: map[model.Fingerprint]model.Record{}, healths: map[model.Fingerprint]model.Health{}, clocks: map[int]model.Clock{}}
}

func (n *node) CheckSyncNode(context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.checks++
	return n.another
}

func (n *node) Send(ctx context.Context, b peer.Batch) (peer.Results, error) {
	n.mu.Lock()
	n.sent = append(n.sent, time.Now())
	before, after, single := n.before, n.after, n.single
	n.mu.Unlock()
	if single {
		return peer.Results{}, peer.ErrUnsupported
	}
	if before != nil {
		if err := before(ctx, b); err != nil {
			return peer.Results{}, err
		}
	}
	results := n.take(b)
	if after != nil {
		if err := after(ctx, b); err != nil {
			return peer.Results{}, err
		}
	}
	return results, nil
}

func (n *node) take(b peer.Batch) (results peer.Results) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.batches = append(n.batches, b)
	results.Twin = n.twin
	for _, r := range b.Records {
		if n.refuses != nil {
			if why := n.refuses(r); why != "" {
				results.Records = append(results.Records, peer.Result{Refused: why})
				continue
			}
		}
		id, merged := r.Entry.Fingerprint(), r
		if known, ok := n.records[id]; ok {
			merged = model.MergeRecords(known, r)
		}
		if n.knows != nil {
			merged = model.MergeRecords(merged, n.knows(r))
		}
		n.records[id] = merged
		result := peer.Result{Content: merged.Content().Base}
		if merged.Content() != r.Content() {
			result.Merged = &merged
		}
		results.Records = append(results.Records, result)
	}
	for _, h := range b.Healths {
		n.healths[h.UID()] = h
		results.Healths = append(results.Healths, peer.Result{})
	}
	for _, c := range b.Clocks {
		n.clocks[c.Source] = c
		results.Clocks = append(results.Clocks, peer.Result{})
	}
	return results
}

func (n *node) Store(_ context.Context, e model.Entry) error {
	n.mu.Lock()
	n.sent = append(n.sent, time.Now())
	refuses := n.refusesOne
	n.mu.Unlock()
	if refuses != nil {
		if err := refuses(e); err != nil {
			return err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ones = append(n.ones, e)
	n.records[e.Fingerprint()] = model.Record{Entry: e}
	return nil
}

func (n *node) requests() []time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.sent)
}

// set changes the node under its lock.
func (n *node) set(change func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change()
}

var errNetwork = &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}

func refusedAs(status int) error {
	return &peer.StatusError{Status: status, Detail: "as the test wants"}
}

// syncNode is a sync node, original or not.
type syncNode interface {
	Peer
	Original
}

// look is how many records one look into the outbox reads in tests: several batches, as
// always, and a quarter of maxRead. The race detector watches what is done to each.
const look = 2 * maxRecords

// run runs a pusher within the bubble until stop, which waits for the pusher's
// end.
func run(t *testing.T, s *store, n syncNode) (_ *Pusher, stop func()) {
	t.Helper()
	p := New(s, s, n, n, func() *model.Identity { return &model.Identity{Owner: model.Owner{Host: 1}} }, zerolog.Nop())
	p.look = look
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	synctest.Wait()
	return p, stop
}

// after lets that much of the bubble's time pass.
func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
