package reconcile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/stationtime"
)

// NodeAudit is what a comparison with one node shows.
type NodeAudit struct {
	Number int         `json:"number"`
	Name   string      `json:"name,omitempty"`
	URL    string      `json:"url"`
	Failed string      `json:"failed,omitempty"` // why the node could not be compared
	Older  bool        `json:"older,omitempty"`  // the node is of an older version: what it can't keep is not compared
	Zone   string      `json:"zone,omitempty"`   // how its time zone differs
	Clock  string      `json:"clock,omitempty"`  // what is wrong with the clock of its engine; its records are equal nevertheless
	Twin   string      `json:"twin,omitempty"`   // other databases that say that they are its own
	Kinds  []KindAudit `json:"kinds,omitempty"`
	// Waiting is how many records wait at the node for the sync node, and Refused
	// how many records from there the sync node refused. They may be of other
	// sources than the node's. Those sources are not compared.
	Waiting int64 `json:"waiting,omitempty"`
	Refused int64 `json:"refused,omitempty"`
}

// Equal reports whether both sides are proved to hold the same, as far as a node of
// an older version can.
func (a NodeAudit) Equal() bool {
	for _, k := range a.Kinds {
		if len(k.Differing) > 0 {
			return false
		}
	}
	return a.Failed == "" && a.Zone == "" && a.Twin == "" && a.Waiting == 0 && a.Refused == 0
}

// KindAudit is what the comparison shows for one kind of records.
type KindAudit struct {
	Kind      string        `json:"kind"`
	Equal     int64         `json:"equal"` // records in spans of time that are the same
	Differing []BucketAudit `json:"differing,omitempty"`
}

// BucketAudit is a span of time that differs.
type BucketAudit struct {
	Span  model.Span        `json:"span,omitempty"`
	From  stationtime.Stamp `json:"from"`
	Here  int64             `json:"here"`
	There int64             `json:"there"`
	// Records are the records that differ, only the first ones if there are many.
	Records []RecordAudit `json:"records,omitempty"`
}

// String is the span of time, for people.
func (b BucketAudit) String() string {
	layouts := map[model.Span]string{model.SpanMonth: "2006-01", model.SpanDay: time.DateOnly, model.SpanHour: "2006-01-02T15h"}
	if layout, ok := layouts[b.Span]; ok {
		return b.From.Format(layout)
	}
	return b.From.String()
}

// RecordAudit is a record that is not the same on both sides.
type RecordAudit struct {
	Where       Where             `json:"where"`
	Fingerprint string            `json:"fingerprint"`
	At          stationtime.Stamp `json:"at"`
	Text        string            `json:"text"`
}

// Where a record is.
type Where string

// The places.
const (
	OnlyHere  Where = "only here"
	OnlyThere Where = "only there"
	InBoth    Where = "differing"
)

const (
	// maxListed bounds how many records an audit of one node lists.
	maxListed = 100
	// maxRead bounds how many records are read for the list, per bucket and side.
	maxRead = 100_000
	// Records on their way between the nodes look like a difference. So an audit
	// looks at differences again, up to secondLooks times, each time after
	// secondLookPause.
	secondLooks     = 3
	secondLookPause = time.Second
	// kindClock is compared as a whole. For kindActivations an audit finds only
	// what the node has and the sync node lacks. The node's activations are a
	// copy, which may be some seconds old.
	kindClock       = "clock"
	kindActivations = "activations"
)

// errOriginal: an original node has no digests.
var errOriginal = errors.New("it is an original node, which can't be compared")

// Audit compares with the nodes of those numbers, or with all nodes if no
// number is given. It changes nothing. A node that can't be compared is not an
// error: its NodeAudit says why. Error: a node that does not exist, or the end
// of ctx.
func (r *Reconciler) Audit(ctx context.Context, numbers ...int) ([]NodeAudit, error) {
	chosen, err := r.choose(numbers)
	if err != nil {
		return nil, err
	}
	audits := make([]NodeAudit, len(chosen))
	var g errgroup.Group
	for i, n := range chosen {
		g.Go(func() error {
			a := &audit{run: n.newRun(n.newTally()), listed: maxListed}
			audits[i] = NodeAudit{Number: n.Number, Name: n.Name, URL: n.URL}
			if err := a.all(ctx, &audits[i]); err != nil {
				audits[i].Failed = err.Error()
			}
			return nil
		})
	}
	_ = g.Wait()
	return audits, ctx.Err()
}

// audit is a comparison with one node that changes nothing.
type audit struct {
	*run
	listed int // how many more records may be listed
}

func (a *audit) all(ctx context.Context, found *NodeAudit) error {
	state, err := a.state(ctx)
	if errors.Is(err, peer.ErrUnsupported) {
		return errOriginal
	}
	if err != nil {
		return err
	}
	found.Older = a.edition < model.ThisEdition
	found.Zone = zoneDifference(a.cfg.Zone, state, time.Now())
	found.Clock = strings.Join(state.Warnings, "; ")
	if found.Twin, err = a.twin(ctx); err != nil {
		return err
	}
	known, theirs, err := a.bothPurges(ctx)
	if err != nil {
		return err
	}
	for _, compare := range []func() (KindAudit, error){
		func() (KindAudit, error) { return auditKind(ctx, a, a.entries()) },
		func() (KindAudit, error) { return auditKind(ctx, a, a.healths()) },
		func() (KindAudit, error) { return a.auditClock(ctx, state) },
		func() (KindAudit, error) { return a.auditActivations(ctx) },
	} {
		kind, err := compare()
		if err != nil {
			return err
		}
		found.Kinds = append(found.Kinds, kind)
	}
	if purges := a.auditPurges(known, theirs); a.knowsNoPurges {
		found.Older = found.Older || len(known) > 0
	} else if len(known)+len(theirs) > 0 {
		found.Kinds = append(found.Kinds, purges)
	}
	found.Waiting, found.Refused, err = a.auditOutbox(ctx)
	return err
}

// auditOutbox counts what the node holds for the sync node, in its outbox or, if
// its own database could not store it, in its journal.
func (a *audit) auditOutbox(ctx context.Context) (waiting, refused int64, err error) {
	state, err := a.state(ctx)
	if err != nil {
		return 0, 0, err
	}
	err = a.lookAgain(ctx, state, func(state peer.State) (bool, error) {
		waiting = state.Outbox.Entries + state.Outbox.Healths + state.Journal.Waiting
		refused = state.Outbox.Parked + state.Journal.Aside + state.Journal.Foreign
		return waiting == 0, nil
	})
	return waiting, refused, err
}

// lookAgain calls look with the node's state, and again with a new state after
// a pause until look is satisfied. Records on their way are no difference.
func (a *audit) lookAgain(ctx context.Context, state peer.State, look func(peer.State) (satisfied bool, err error)) error {
	for again := 0; ; again++ {
		satisfied, err := look(state)
		if satisfied || err != nil || again == secondLooks {
			return err
		}
		if err := sleep(ctx, secondLookPause); err != nil {
			return err
		}
		if state, err = a.state(ctx); err != nil {
			return err
		}
	}
}

// errOldVersion: the node can't be asked what it knows of the active source.
var errOldVersion = errors.New("its version does not list activations")

// auditActivations looks for activations that the node knows and that are
// missing here. It groups them by the month in which they happened.
func (a *audit) auditActivations(ctx context.Context) (KindAudit, error) {
	theirs, err := a.theirActivations(ctx)
	if errors.Is(err, peer.ErrUnsupported) {
		return KindAudit{}, errOldVersion
	}
	if err != nil {
		return KindAudit{}, err
	}
	unknown, err := a.store.UnknownActivations(ctx, theirs)
	if err != nil {
		return KindAudit{}, own("compare activations", err)
	}
	result := KindAudit{Kind: kindActivations, Equal: int64(len(theirs) - len(unknown))}
	slices.SortFunc(unknown, func(a, b model.Activation) int { return a.From.Compare(b.From) })
	for _, u := range unknown {
		month := bucket(model.SpanMonth, u.From)
		if n := len(result.Differing); n == 0 || !result.Differing[n-1].From.Equal(month) {
			result.Differing = append(result.Differing, BucketAudit{Span: model.SpanMonth, From: stationtime.UTC(month)})
		}
		b := &result.Differing[len(result.Differing)-1]
		b.There++
		if a.listed > 0 {
			a.listed--
			b.Records = append(b.Records, RecordAudit{
				Where: OnlyThere, Fingerprint: u.Content().String(), At: stationtime.UTC(u.From), Text: fmt.Sprintf("source %d, by %s: %s", u.Source, u.By, u.Reason),
			})
		}
	}
	return result, nil
}

// auditKind compares one kind of records.
func auditKind[T any](ctx context.Context, a *audit, s stock[T]) (KindAudit, error) {
	oldest, err := s.oldest(ctx, a.source)
	if err != nil {
		return KindAudit{}, err
	}
	c := comparison{
		here: a.store, there: a.node, edition: a.edition, kind: s.kind, source: a.source, from: s.from, tally: a.tally,
		drill: func(b Bucket) bool { return b.Here.Count > 0 && b.There.Count > 0 },
	}
	differing, err := c.differing(ctx, oldest, time.Now())
	for look := 0; err == nil && len(differing) > 0 && look < secondLooks; look++ {
		if err = sleep(ctx, secondLookPause); err == nil {
			differing, err = c.again(ctx, differing)
		}
	}
	if err != nil {
		return KindAudit{}, fmt.Errorf("compare %s: %w", s.kind, err)
	}
	result := KindAudit{Kind: string(s.kind), Equal: c.equal}
	for _, b := range differing {
		found := BucketAudit{Span: b.Span, From: stationtime.UTC(b.From), Here: b.Here.Count, There: b.There.Count}
		if a.listed > 0 && max(b.Here.Count, b.There.Count) <= maxRead {
			list, err := differences(ctx, a, s, b)
			if err != nil {
				return KindAudit{}, fmt.Errorf("list %s: %w", s.kind, err)
			}
			if len(list) == 0 && a.edition < model.ThisEdition {
				result.Equal += b.Here.Count // the node keeps other values, but none that is missing here
				continue
			}
			found.Records = list[:min(len(list), a.listed)]
			a.listed -= len(found.Records)
		}
		result.Differing = append(result.Differing, found)
	}
	return result, nil
}

// again compares only the buckets that differed.
func (c *comparison) again(ctx context.Context, differing []Bucket) ([]Bucket, error) {
	var still []Bucket
	for _, b := range differing {
		found, err := c.within(ctx, b.Span, b.From, b.To)
		if err != nil {
			return nil, err
		}
		still = append(still, found...)
	}
	return still, nil
}

// differences finds the records of a bucket that are not the same, the oldest
// first.
func differences[T any](ctx context.Context, a *audit, s stock[T], b Bucket) ([]RecordAudit, error) {
	show := func(record *T, where Where) RecordAudit {
		return RecordAudit{Where: where, Fingerprint: s.id(record).String(), At: stationtime.UTC(s.at(record)), Text: s.text(record)}
	}
	here := map[model.Fingerprint]T{}
	err := pages(ctx, 0, s.ours(a.source, b.From, b.To, s.batch), func(_ context.Context, page []T) error {
		for i := range page {
			here[s.id(&page[i])] = page[i]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var found []RecordAudit
	err = pages(ctx, 0, s.theirs(a.source, b.From, b.To), func(_ context.Context, page []T) error {
		for i := range page {
			there := &page[i]
			ours, ok := here[s.id(there)]
			delete(here, s.id(there))
			switch {
			case !ok:
				found = append(found, show(there, OnlyThere))
			case !s.same(there, &ours):
				found = append(found, show(there, InBoth))
			}
		}
		return nil
	})
	for _, ours := range here {
		found = append(found, show(&ours, OnlyHere))
	}
	slices.SortFunc(found, func(a, b RecordAudit) int {
		return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	return found, err
}

// auditClock compares the clocks by when they were sent, because the same clock
// may be written as different text.
func (a *audit) auditClock(ctx context.Context, state peer.State) (KindAudit, error) {
	var ours, theirs model.Clock
	err := a.lookAgain(ctx, state, func(state peer.State) (_ bool, err error) {
		ours, theirs, err = a.clocks(ctx, state.Clocks)
		return ours.SentAt.Equal(theirs.SentAt), err
	})
	if err != nil {
		return KindAudit{}, err
	}
	result := KindAudit{Kind: kindClock}
	here, there := count(ours), count(theirs)
	if ours.SentAt.Equal(theirs.SentAt) {
		result.Equal = here
		return result, nil
	}
	at := ours.SentAt
	if theirs.SentAt.After(at) {
		at = theirs.SentAt
	}
	result.Differing = []BucketAudit{{From: stationtime.UTC(at), Here: here, There: there}}
	return result, nil
}

// count is 1 if there is a clock.
func count(c model.Clock) int64 {
	if c.SentAt.IsZero() {
		return 0
	}
	return 1
}
