package handler

import (
	"context"

	"aura.radio/engine/pkg/api"
)

// StorePlaylog stores one entry, or a list of entries.
func (a *API) StorePlaylog(ctx context.Context, r api.StorePlaylogRequestObject) (api.StorePlaylogResponseObject, error) {
	results, err := a.record(ctx, *r.Body)
	if err != nil || results == nil {
		return api.StoredResponse{}, err
	}
	return api.StorePlaylog200JSONResponse(results), nil
}

// StorePlaylogOlderPath stores one entry, or a list of entries.
func (a *API) StorePlaylogOlderPath(ctx context.Context, r api.StorePlaylogOlderPathRequestObject) (api.StorePlaylogOlderPathResponseObject, error) {
	results, err := a.record(ctx, *r.Body)
	if err != nil || results == nil {
		return api.StoredResponse{}, err
	}
	return api.StorePlaylogOlderPath200JSONResponse(results), nil
}

// ListPlaylog answers full records, newest first. On the sync node they are those
// that were on air, unless the request asks for the records of every source.
func (a *API) ListPlaylog(ctx context.Context, r api.ListPlaylogRequestObject) (api.ListPlaylogResponseObject, error) {
	p := r.Params
	q, err := a.query(listParams{p.Page, p.Offset, p.Limit, p.After, p.FromDate, p.ToDate})
	if err != nil {
		return nil, err
	}
	q.UnsyncedOnly = valueOr(p.SkipSynced, false)
	q.Raw = p.Corrections != nil && *p.Corrections == api.ListPlaylogParamsCorrectionsRaw
	if p.Heard != nil {
		return a.unheard(ctx, q)
	}
	var log EntryLog = a.Playlog
	if p.Source == nil && a.isSyncNode() {
		log = a.OnAir
	}
	found, err := a.page(ctx, log, q)
	if err != nil {
		return nil, err
	}
	body := make([]api.PlaylogEntry, len(found.entries))
	for i, e := range found.entries {
		body[i] = a.playlogEntry(e, q.Raw)
	}
	return api.ListPlaylog200JSONResponse{
		Body:    body,
		Headers: api.ListPlaylog200ResponseHeaders{XTotalCount: found.total, Link: found.link},
	}, nil
}

// GetPlaylogEntry answers one full record, even if it is void, and what was heard
// of it.
func (a *API) GetPlaylogEntry(ctx context.Context, r api.GetPlaylogEntryRequestObject) (api.GetPlaylogEntryResponseObject, error) {
	e, err := a.Playlog.HeardEntry(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	raw := r.Params.Corrections != nil && *r.Params.Corrections == api.GetPlaylogEntryParamsCorrectionsRaw
	return api.GetPlaylogEntry200JSONResponse(a.heardEntry(e, raw)), nil
}
