package handler

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// GetSyncState answers what this node is and what is waiting on it.
func (a *API) GetSyncState(ctx context.Context, _ api.GetSyncStateRequestObject) (api.GetSyncStateResponseObject, error) {
	state, err := a.State(ctx)
	if err != nil {
		return nil, err
	}
	return api.GetSyncState200JSONResponse(state), nil
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
		body[i] = api.Digest{From: stationtime.UTC(d.From), Count: d.Count, Sum: d.Sum.String()}
	}
	return body, nil
}

// bound is one end of a time range; zero if it is open.
func bound(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return within(t.UTC())
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
			return nil, model.Invalid("after", after, "must be taken from the answer before, as it stands there")
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

// StoreSyncRecords stores the records of another node, and answers the outcome
// for each. Only nodes and administrators may call it, so their statement of
// what the sync node has is believed.
func (a *API) StoreSyncRecords(ctx context.Context, r api.StoreSyncRecordsRequestObject) (api.StoreSyncRecordsResponseObject, error) {
	acks, healthAcks, err := acknowledgements(r.Body)
	if err != nil {
		return nil, err
	}
	var results api.StoreSyncRecords200JSONResponse
	if results.Records, err = a.receive(ctx, r.Body.Records, r.Body.Synced); err != nil {
		return nil, err
	}
	healths, refusals := judge(r.Body.Healths, func(w record.Health) (model.Health, error) {
		h := w.Health()
		return h, h.Validate()
	})
	results.Healths = refusals
	clocks, refusals := judge(r.Body.Clocks, func(w record.Clock) (model.Clock, error) {
		c := w.Clock()
		return c, c.Validate()
	})
	results.Clocks = refusals
	if len(healths) > 0 {
		err = a.Sync.AbsorbHealths(ctx, healths, r.Body.Synced)
	}
	if err == nil && len(clocks) > 0 {
		err = a.Sync.AbsorbClocks(ctx, clocks, r.Body.Synced)
	}
	if err == nil && len(acks) > 0 {
		err = a.Sync.MarkSynced(ctx, acks)
	}
	if err == nil && len(healthAcks) > 0 {
		err = a.Sync.MarkHealthsSynced(ctx, healthAcks)
	}
	return results, err
}

// receive stores records.
func (a *API) receive(ctx context.Context, sent []json.RawMessage, synced bool) ([]api.SyncResult, error) {
	records, results := judge(sent, func(w record.Entry) (model.Record, error) { return w.Record(), nil })
	if len(records) == 0 {
		return results, nil
	}
	receipts, err := a.Recorder.Receive(ctx, records, synced)
	if err != nil {
		return nil, err
	}
	next := 0
	for i := range results {
		if results[i].Refused != "" {
			continue
		}
		receipt := receipts[next]
		next++
		if receipt.Refused != nil {
			results[i].Refused = refusal(receipt.Refused)
			continue
		}
		results[i].Content = receipt.Content.String()
		if receipt.Merged != nil {
			merged := record.NewEntry(*receipt.Merged)
			results[i].Merged = &merged
		}
	}
	return results, nil
}

// judge reads each record separately. It returns a result for each, in order,
// and the values of those that are not refused.
func judge[W record.Entry | record.Health | record.Clock, T any](sent []json.RawMessage, read func(W) (T, error)) ([]T, []api.SyncResult) {
	values := make([]T, 0, len(sent))
	results := make([]api.SyncResult, len(sent))
	for i, raw := range sent {
		wire, err := record.Decode[W](raw)
		var value T
		if err == nil {
			value, err = read(wire)
		}
		if err != nil {
			results[i].Refused = refusal(err)
			continue
		}
		values = append(values, value)
	}
	return values, results
}

// refusal is the text for the sender. A database's own message belongs in this
// node's log only.
func refusal(err error) string {
	if invalid, ok := errors.AsType[*model.InvalidError](err); ok {
		return invalid.Error()
	}
	return "the receiver's database refuses it; its log says why"
}

// acknowledgements are the records that the sync node says it has.
func acknowledgements(body *api.SyncBatch) (acks []model.Ack, healths []model.Fingerprint, _ error) {
	for _, sent := range body.Acknowledged {
		fingerprint, err := model.ParseFingerprint(sent.Fingerprint)
		content, err2 := model.ParseFingerprint(sent.Content)
		if err := cmp.Or(err, err2); err != nil {
			return nil, nil, model.Invalid("acknowledged", strings.Join([]string{sent.Fingerprint, sent.Content}, " "), err.Error())
		}
		acks = append(acks, model.Ack{Fingerprint: fingerprint, Content: content})
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
