package handler

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/exchange"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/stationtime"
)

// GetSyncState answers what this node is and what is waiting on it.
func (a *API) GetSyncState(ctx context.Context, _ api.GetSyncStateRequestObject) (api.GetSyncStateResponseObject, error) {
	state, err := a.State(ctx)
	if err != nil {
		return nil, err
	}
	state.Version = a.Version
	state.Edition = int(model.ThisEdition)
	state.TimeZone = nodeZone(a.Zone, a.Now())
	return api.GetSyncState200JSONResponse(state), nil
}

// nodeZone is a time zone in the form of the wire.
func nodeZone(z *stationtime.Zone, now time.Time) *api.NodeZone {
	zone := api.NodeZone{Name: z.Name(), Offsets: []api.ZoneOffset{}}
	for _, o := range z.Offsets(now) {
		zone.Offsets = append(zone.Offsets, api.ZoneOffset{From: stationtime.UTC(o.From), Seconds: int(o.Offset / time.Second)})
	}
	return &zone
}

// ListDigests answers what proves two databases equal.
func (a *API) ListDigests(ctx context.Context, r api.ListDigestsRequestObject) (api.ListDigestsResponseObject, error) {
	q := model.DigestQuery{
		Kind:   model.Kind(valueOr(r.Params.Kind, api.ListDigestsParamsKindEntries)),
		Source: r.Params.Source,
		Span:   model.Span(valueOr(r.Params.Span, api.Month)),
		From:   bound(r.Params.From),
		To:     bound(r.Params.To),
	}
	digests, err := a.Sync.Digests(ctx, q)
	if err != nil {
		return nil, err
	}
	body := make(api.ListDigests200JSONResponse, len(digests))
	for i, d := range digests {
		body[i] = api.Digest{From: stationtime.UTC(d.From), Count: d.Count, Sum: d.Sum.Base.String(), Supplement: d.Sum.Supplement.String()}
	}
	return body, nil
}

// bound is one end of a time range; zero if it is open.
func bound(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return model.Within(t.UTC())
}

// maxHealths bounds a page of health statuses: their details may be long.
const maxHealths = 100

const defaultRecords = 100

// ListSyncRecords answers whole records, oldest first.
func (a *API) ListSyncRecords(ctx context.Context, r api.ListSyncRecordsRequestObject) (api.ListSyncRecordsResponseObject, error) {
	p := r.Params
	q := model.RecordQuery{Source: p.Source, From: bound(p.From), To: bound(p.To), Limit: valueOr(p.Limit, defaultRecords)}
	if after := valueOr(p.After, ""); after != "" {
		var err error
		if q.After, err = parseCursor(after); err != nil {
			return nil, model.Invalid("after", after, "must be copied unchanged from the previous answer")
		}
	}
	var body api.ListSyncRecords200JSONResponse
	var next *model.Position
	if model.Kind(valueOr(p.Kind, api.ListSyncRecordsParamsKindEntries)) == model.KindHealth {
		q.Limit = min(q.Limit, maxHealths)
		healths, position, err := a.Sync.HealthRecords(ctx, q)
		if err != nil {
			return nil, err
		}
		next = position
		for _, h := range healths {
			body.Healths = append(body.Healths, record.NewHealth(h))
		}
	} else {
		records, position, err := a.Sync.Records(ctx, q)
		if err != nil {
			return nil, err
		}
		next = position
		for _, r := range records {
			body.Records = append(body.Records, record.NewEntry(r))
		}
	}
	if next != nil {
		body.Next = cursor(*next)
	}
	return body, nil
}

// ListSyncActivations answers this node's knowledge of the history of the
// active source.
func (a *API) ListSyncActivations(ctx context.Context, r api.ListSyncActivationsRequestObject) (api.ListSyncActivationsResponseObject, error) {
	after := valueOr(r.Params.After, model.NoEpoch)
	found, err := a.Sync.ActivationsAfter(ctx, after, valueOr(r.Params.Limit, defaultRecords))
	if err != nil {
		return nil, err
	}
	body := make(api.ListSyncActivations200JSONResponse, len(found))
	for i, a := range found {
		body[i] = api.SyncActivation{
			Epoch: a.Epoch, Source: a.Source, From: stationtime.UTC(a.From), RecordedAt: stationtime.UTC(a.RecordedAt), By: a.By, Reason: a.Reason, Pinned: a.Pinned,
		}
	}
	return body, nil
}

// ListSyncRules answers by which rules it is derived what was heard.
func (a *API) ListSyncRules(ctx context.Context, _ api.ListSyncRulesRequestObject) (api.ListSyncRulesResponseObject, error) {
	rules, err := a.Rules.StationRules(ctx)
	if err != nil {
		return nil, err
	}
	body := make(api.ListSyncRules200JSONResponse, len(rules))
	for i, r := range rules {
		body[i] = api.SyncRule{
			From: stationtime.UTC(r.From), Version: r.Version, FallbackShows: append([]string{}, r.FallbackShows...),
			LongestFileMs: r.LongestFile.Milliseconds(), LongestLiveMs: r.LongestLive.Milliseconds(),
		}
	}
	return body, nil
}

// ListSyncPurges answers which plays are gone.
func (a *API) ListSyncPurges(ctx context.Context, _ api.ListSyncPurgesRequestObject) (api.ListSyncPurgesResponseObject, error) {
	purges, err := a.Purges.Purges(ctx)
	if err != nil {
		return nil, err
	}
	body := make(api.ListSyncPurges200JSONResponse, len(purges))
	for i, p := range purges {
		body[i] = record.NewPurge(p)
	}
	return body, nil
}

// StoreSyncRecords stores the records of another node, and answers the outcome
// for each. Only nodes and administrators may call it, so their statement of
// what the sync node has is believed.
func (a *API) StoreSyncRecords(ctx context.Context, r api.StoreSyncRecordsRequestObject) (api.StoreSyncRecordsResponseObject, error) {
	b := model.Batch{Edition: model.Edition(r.Body.Edition), Synced: r.Body.Synced}
	var err error
	if b.Acks, b.HealthAcks, err = acknowledgements(r.Body); err != nil {
		return nil, err
	}
	var results api.StoreSyncRecords200JSONResponse
	b.Records, results.Records = decodeAll(r.Body.Records, record.Entry.Record)
	b.Healths, results.Healths = decodeAll(r.Body.Healths, record.Health.Health)
	b.Clocks, results.Clocks = decodeAll(r.Body.Clocks, record.Clock.Clock)
	if r.Body.Database != nil {
		from, err := r.Body.Database.Identity()
		if err != nil {
			return nil, err
		}
		b.From = &from
	}
	outcome, err := exchange.Receive(ctx, a.Gate, a.Recorder, a.Sync, b)
	if err != nil {
		return nil, err
	}
	results.Twin = outcome.Twin
	settle(results.Records, outcome.Records, received)
	settle(results.Healths, outcome.Healths, refused)
	settle(results.Clocks, outcome.Clocks, refused)
	return results, nil
}

// decodeAll reads each element separately. It returns a result for each, in order,
// and the values of those that can be read. The others are refused.
func decodeAll[W record.Entry | record.Health | record.Clock, T any](sent []json.RawMessage, value func(W) T) ([]T, []api.SyncResult) {
	values := make([]T, 0, len(sent))
	results := make([]api.SyncResult, len(sent))
	for i, raw := range sent {
		wire, err := record.Decode[W](raw)
		if err != nil {
			refused(&results[i], err)
			continue
		}
		values = append(values, value(wire))
	}
	return values, results
}

// settle renders the outcomes of the elements that could be read.
func settle[O any](results []api.SyncResult, outcomes []O, render func(*api.SyncResult, O)) {
	next := 0
	for i := range results {
		if results[i].Refused == "" {
			render(&results[i], outcomes[next])
			next++
		}
	}
}

// received renders the outcome for a record.
func received(to *api.SyncResult, receipt playlog.Receipt) {
	if receipt.Refused != nil {
		refused(to, receipt.Refused)
		return
	}
	to.Content = receipt.Content.Base.String()
	if receipt.Merged != nil {
		merged := record.NewEntry(*receipt.Merged)
		to.Merged = &merged
	}
}

// refused renders why an element was refused, if it was.
func refused(to *api.SyncResult, err error) {
	if err != nil {
		to.Refused = refusal(err)
	}
}

// refusal is the text for the sender. A database's own message belongs in this
// node's log only.
func refusal(err error) string {
	if invalid, ok := errors.AsType[*model.InvalidError](err); ok {
		return invalid.Error()
	}
	return "the receiver's database refuses the record; the receiver's log says why"
}

// acknowledgements are the records that the sync node says it has.
func acknowledgements(body *api.SyncBatch) (acks []model.Ack, healths []model.Fingerprint, _ error) {
	for _, sent := range body.Acknowledged {
		ack, err := acknowledgement(sent)
		if err != nil {
			return nil, nil, model.Invalid("acknowledged", strings.Join([]string{sent.Fingerprint, sent.Content, sent.Supplement}, " "), err.Error())
		}
		acks = append(acks, ack)
	}
	for _, sent := range body.AcknowledgedHealths {
		uid, err := model.ParseFingerprint(sent)
		if err != nil {
			return nil, nil, model.Invalid("acknowledged_healths", sent, err.Error())
		}
		healths = append(healths, uid)
	}
	return acks, healths, nil
}

func acknowledgement(sent api.Acknowledgement) (ack model.Ack, err error) {
	ack.BaseOnly = sent.Supplement == ""
	for _, part := range []struct {
		sent string
		to   *model.Fingerprint
	}{{sent.Fingerprint, &ack.Fingerprint}, {sent.Content, &ack.Content.Base}, {sent.Supplement, &ack.Content.Supplement}} {
		if part.sent == "" && ack.BaseOnly {
			continue
		}
		if *part.to, err = model.ParseFingerprint(part.sent); err != nil {
			return ack, err
		}
	}
	return ack, nil
}
