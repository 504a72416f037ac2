package reconcile

import (
	"context"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/stationtime"
)

// Node is the sync node's view of a node; *peer.Client implements it. It
// answers peer.ErrUnsupported for what an original node does not have.
type Node interface {
	// State returns what the node says about itself, and how far its clock is
	// ahead.
	State(ctx context.Context) (peer.State, time.Duration, error)
	Digests(ctx context.Context, q model.DigestQuery) ([]model.Digest, error)
	Records(ctx context.Context, source int, from, to time.Time, after string, limit int) (_ []model.Record, next string, _ error)
	Healths(ctx context.Context, source int, from, to time.Time, after string, limit int) (_ []model.Health, next string, _ error)
	// ActivationsAfter returns what the node knows of the history of the active
	// source, by epoch. Error: peer.ErrUnsupported if the node is of an older
	// version.
	ActivationsAfter(ctx context.Context, after int64, limit int) ([]model.Activation, error)
	// Rules returns the station's rules as far as the node knows them. Error:
	// peer.ErrUnsupported if the node is of an older version.
	Rules(ctx context.Context) ([]model.HeardRule, error)
	// Purges returns which plays are gone, as far as the node knows it. Error:
	// peer.ErrUnsupported if the node is of an older version.
	Purges(ctx context.Context) (model.Purges, error)
	Send(ctx context.Context, b peer.Batch) (peer.Results, error)
}

// Store is what the sync node keeps.
type Store interface {
	Digests(ctx context.Context, q model.DigestQuery) ([]model.Digest, error)
	Records(ctx context.Context, q model.RecordQuery) ([]model.Record, *model.Position, error)
	HealthRecords(ctx context.Context, q model.RecordQuery) ([]model.Health, *model.Position, error)
	// Receive stores records and judges each by itself.
	Receive(ctx context.Context, records []model.Record, synced bool) ([]playlog.Receipt, error)
	// Occurrence returns the entry at its start, or at the other start if the
	// entry is stored there.
	Occurrence(ctx context.Context, e model.Entry, other time.Time) (model.Entry, error)
	AbsorbHealths(ctx context.Context, hs []model.Health, synced bool) error
	AbsorbClocks(ctx context.Context, cs []model.Clock, synced bool) error
	ActivationsAfter(ctx context.Context, after int64, limit int) ([]model.Activation, error)
	// UnknownActivations returns those of a node's activations that are missing
	// here.
	UnknownActivations(ctx context.Context, theirs []model.Activation) ([]model.Activation, error)
	// RememberActivations stores those of a node's activations that are missing
	// here.
	RememberActivations(ctx context.Context, theirs []model.Activation) (restored int, err error)
	// Purges are which plays are gone. LearnPurges stores those of a node, and returns
	// those that were not known.
	Purges(ctx context.Context) (model.Purges, error)
	LearnPurges(ctx context.Context, theirs []model.Purge) (news model.Purges, _ error)
	// DecidedHere reports whether a purge was decided in this database, also if it
	// does not know it any more.
	DecidedHere(ctx context.Context, p model.Purge) (bool, error)
	// Rebuild derives the on-air log again where it differs from what is stored.
	Rebuild(ctx context.Context, progress func(done, total int64)) (differing int, err error)
	// Clock returns model.ErrNotFound if the source never sent a clock.
	Clock(ctx context.Context, source int) (model.Clock, error)
}

// Config says how to reconcile.
type Config struct {
	// Interval is how often each node is compared.
	Interval time.Duration
	// BatchSize is how many records are fetched at once, from 1 to 1000, and
	// StepSleep the pause between two fetches.
	BatchSize int
	StepSleep time.Duration
	// Zone is the station's time zone, which each node should have too.
	Zone *stationtime.Zone
	// Origins knows which databases are their hosts'; nil: all are.
	Origins Origins
	// HealthFrom is from when on the sync node keeps health; nil or zero: it keeps
	// all.
	HealthFrom func(now time.Time) time.Time
	// Purge is called when a node told of plays that are gone, and must not block; nil:
	// somebody else looks.
	Purge func()
}

// Origins knows which databases are their hosts'; *exchange.Origins implements it.
type Origins interface {
	// Confirm notes which database the node at a host's address serves.
	Confirm(ctx context.Context, serves model.Identity) error
	// Twin describes the other databases that say that they are the host's; "" if
	// there is none.
	Twin(ctx context.Context, host int) (string, error)
}

// Peer is a node to compare with.
type Peer struct {
	Number int // of the node and of its source
	Name   string
	URL    string
	Node   Node
	// Original is the same node, in case it is an original one.
	Original Original
}
