package peer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// State is what a node reports about itself.
type State struct {
	HostID  int    // 0 is the sync node
	Version string // of its program, "" if it does not tell
	Edition model.Edition
	Outbox  model.Outbox
	// Journal is what the node took while its database could not store it; zero
	// if it does not tell.
	Journal model.Journal
	// Refused is what engines sent there and nobody understood; zero if the node
	// does not tell.
	Refused model.Refusals
	// Database is which one the node serves; nil if it does not tell.
	Database *model.Identity
	// HealthFrom is from when on the node keeps health; zero: it keeps all.
	HealthFrom time.Time
	// Clocks are the studio clocks that the node holds.
	Clocks []model.Clock
	// Warnings say what is wrong with the clock of the node's engine.
	Warnings []string
	// Zone is the name of the node's time zone, and Offsets what its clocks show;
	// "" and nil if the node is of an older version.
	Zone    string
	Offsets []stationtime.Offset
}

// State asks a node for its state. offset is how far its clock is ahead of
// ours, as well as that can be measured: the answer's way back is assumed to
// take half of the total time. Errors: ErrUnsupported, *StatusError, or of the
// network.
func (c *Client) State(ctx context.Context) (_ State, offset time.Duration, _ error) {
	var sent, answered atomic.Pointer[time.Time]
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest:         func(httptrace.WroteRequestInfo) { now := time.Now(); sent.Store(&now) },
		GotFirstResponseByte: func() { now := time.Now(); answered.Store(&now) },
	})
	var body api.SyncState
	if err := c.do(ctx, call{method: http.MethodGet, path: "/sync/state"}, &body); err != nil {
		return State{}, 0, err
	}
	if body.Now.IsZero() {
		return State{}, 0, c.Unexpected("/sync/state", "it has no time")
	}
	if from, to := sent.Load(), answered.Load(); from != nil && to != nil {
		offset = body.Now.Sub(from.Add(to.Sub(*from) / 2))
	}
	state := State{HostID: body.HostId, Version: cut(body.Version), Edition: model.Edition(body.Edition), Outbox: model.Outbox{
		Entries: body.Outbox.Entries, Healths: body.Outbox.Healths, Parked: body.Outbox.Parked,
	}}
	if body.HealthFrom != nil {
		state.HealthFrom = body.HealthFrom.UTC()
	}
	if body.Outbox.Oldest != nil {
		state.Outbox.Oldest = body.Outbox.Oldest.UTC()
	}
	if kept := body.Journal; kept != nil {
		state.Journal = model.Journal{Waiting: kept.Waiting, Aside: kept.Aside, Foreign: kept.Foreign, Bytes: kept.Bytes}
		if kept.Oldest != nil {
			state.Journal.Oldest = kept.Oldest.UTC()
		}
	}
	if kept := body.Refused; kept != nil {
		state.Refused = model.Refusals{Items: kept.Items, Bytes: kept.Bytes}
	}
	if body.Warnings != nil {
		for _, w := range *body.Warnings {
			state.Warnings = append(state.Warnings, cut(w))
		}
	}
	if body.TimeZone != nil {
		state.Zone = cut(body.TimeZone.Name)
		for _, o := range body.TimeZone.Offsets {
			state.Offsets = append(state.Offsets, stationtime.Offset{From: o.From.UTC(), Offset: time.Duration(o.Seconds) * time.Second})
		}
	}
	if body.Database != nil {
		database, err := body.Database.Identity()
		if err != nil {
			return State{}, 0, c.Unexpected("/sync/state", err.Error())
		}
		state.Database = &database
	}
	if body.Clocks != nil {
		for _, w := range *body.Clocks {
			state.Clocks = append(state.Clocks, w.Clock())
		}
	}
	return state, offset, nil
}

// CheckSyncNode returns nil if the peer is a sync node. An original node does
// not tell what it is, and is believed. Errors: ErrNotSyncNode, *StatusError,
// or of the network.
func (c *Client) CheckSyncNode(ctx context.Context) error {
	state, _, err := c.State(ctx)
	switch {
	case errors.Is(err, ErrUnsupported):
		return nil
	case err != nil:
		return err
	case state.HostID != 0:
		return fmt.Errorf("%s %w: its host id is %d; check AURA_SYNC_HOST", c.name, ErrNotSyncNode, state.HostID)
	}
	return nil
}

// Digests asks for digests of the node's records. Errors: ErrUnsupported,
// *StatusError, or of the network.
func (c *Client) Digests(ctx context.Context, q model.DigestQuery) ([]model.Digest, error) {
	query := rangeQuery(q.Source, q.From, q.To)
	if q.Kind != "" {
		query.Set("kind", string(q.Kind))
	}
	if q.Span != "" {
		query.Set("span", string(q.Span))
	}
	var body []api.Digest
	if err := c.do(ctx, call{method: http.MethodGet, path: "/sync/digests", query: query}, &body); err != nil {
		return nil, err
	}
	digests := make([]model.Digest, len(body))
	for i, d := range body {
		digests[i] = model.Digest{From: d.From.UTC(), Count: d.Count}
		sum := &digests[i].Sum
		var err error
		if sum.Base, err = model.ParseFingerprint(d.Sum); err == nil && d.Supplement != "" {
			sum.Supplement, err = model.ParseFingerprint(d.Supplement)
		}
		if err != nil {
			return nil, c.Unexpected("/sync/digests", "sum "+err.Error())
		}
	}
	return digests, nil
}

// Records asks for entries with their corrections that were played in [from,
// to), the oldest first; zero times are open. after is the value of next from
// the previous answer, "" at the beginning. next is "" at the end. The records
// are normalized but not yet validated. Errors: ErrUnsupported, *StatusError,
// or of the network.
func (c *Client) Records(ctx context.Context, source int, from, to time.Time, after string, limit int) (_ []model.Record, next string, _ error) {
	page, err := c.page(ctx, model.KindEntry, source, from, to, after, limit)
	if err != nil {
		return nil, "", err
	}
	records := make([]model.Record, len(page.Records))
	for i, w := range page.Records {
		records[i] = w.Record()
	}
	return records, page.Next, nil
}

// Healths asks for health statuses that were logged in [from, to), in the same
// way as Records.
func (c *Client) Healths(ctx context.Context, source int, from, to time.Time, after string, limit int) (_ []model.Health, next string, _ error) {
	page, err := c.page(ctx, model.KindHealth, source, from, to, after, limit)
	if err != nil {
		return nil, "", err
	}
	healths := make([]model.Health, len(page.Healths))
	for i, w := range page.Healths {
		healths[i] = w.Health()
	}
	return healths, page.Next, nil
}

func (c *Client) page(ctx context.Context, kind model.Kind, source int, from, to time.Time, after string, limit int) (page api.SyncPage, _ error) {
	query := rangeQuery(source, from, to)
	query.Set("kind", string(kind))
	query.Set("limit", strconv.Itoa(limit))
	if after != "" {
		query.Set("after", after)
	}
	err := c.do(ctx, call{method: http.MethodGet, path: syncRecords, query: query}, &page)
	if err == nil && page.Next != "" && (page.Next == after || len(page.Records)+len(page.Healths) == 0) {
		return page, c.Unexpected(syncRecords, "its pages do not end")
	}
	return page, err
}

const syncRecords = "/sync/records"

// ActivationsAfter asks for the activations with epochs greater than after, in
// the order of epochs, at most limit. With model.NoEpoch as after it asks for
// all of them. The activations are not yet validated. Errors: ErrUnsupported,
// *StatusError, or of the network.
func (c *Client) ActivationsAfter(ctx context.Context, after int64, limit int) ([]model.Activation, error) {
	const path = "/sync/activations"
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	if after != model.NoEpoch {
		query.Set("after", strconv.FormatInt(after, 10))
	}
	var body []api.SyncActivation
	if err := c.do(ctx, call{method: http.MethodGet, path: path, query: query}, &body); err != nil {
		return nil, err
	}
	activations := make([]model.Activation, len(body))
	for i, a := range body {
		if a.Epoch <= after {
			return nil, c.Unexpected(path, "its epochs do not increase")
		}
		after = a.Epoch
		activations[i] = model.Activation{
			Epoch: a.Epoch, Source: a.Source, From: a.From.UTC(), RecordedAt: a.RecordedAt.UTC(), By: a.By, Reason: a.Reason, Pinned: a.Pinned,
		}
	}
	return activations, nil
}

// Rules asks by which rules it is derived what was heard. The rules are not yet
// validated. Errors: ErrUnsupported, *StatusError, or of the network.
func (c *Client) Rules(ctx context.Context) ([]model.HeardRule, error) {
	var body []api.SyncRule
	if err := c.do(ctx, call{method: http.MethodGet, path: "/sync/rules"}, &body); err != nil {
		return nil, err
	}
	rules := make([]model.HeardRule, len(body))
	for i, r := range body {
		rules[i] = model.HeardRule{
			From: r.From.UTC(), Version: r.Version, FallbackShows: r.FallbackShows,
			LongestFile: milliseconds(r.LongestFileMs), LongestLive: milliseconds(r.LongestLiveMs),
		}
	}
	return rules, nil
}

// Purges asks which plays are gone. The purges are not yet validated. Errors:
// ErrUnsupported, *StatusError, or of the network.
func (c *Client) Purges(ctx context.Context) (model.Purges, error) {
	var body []record.Purge
	if err := c.do(ctx, call{method: http.MethodGet, path: "/sync/purges"}, &body); err != nil {
		return nil, err
	}
	purges := make(model.Purges, len(body))
	for i, p := range body {
		purges[i] = p.Purge()
	}
	return purges, nil
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

func rangeQuery(source int, from, to time.Time) url.Values {
	query := url.Values{"source": {strconv.Itoa(source)}}
	if !from.IsZero() {
		query.Set("from", from.UTC().Format(time.RFC3339Nano))
	}
	if !to.IsZero() {
		query.Set("to", to.UTC().Format(time.RFC3339Nano))
	}
	return query
}

// Unexpected is the error that says that the peer violates the contract.
func (c *Client) Unexpected(path, what string) error {
	return errors.New(path + " at " + c.name + ": the answer is not as expected: " + what)
}

// resultOf reads the result for one element of a batch.
func resultOf(w api.SyncResult, isRecord bool) (Result, error) {
	r := Result{Refused: cut(w.Refused)}
	if r.Refused != "" || !isRecord {
		return r, nil
	}
	var err error
	if r.Content, err = model.ParseFingerprint(w.Content); err != nil {
		return r, errors.New("content " + err.Error())
	}
	if w.Merged != nil {
		merged := w.Merged.Record()
		r.Merged = &merged
	}
	return r, nil
}
