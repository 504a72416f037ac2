package handler

import (
	"context"
	"strconv"
	"strings"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
)

// CorrectEntry stores a correction of an entry.
func (a *API) CorrectEntry(ctx context.Context, r api.CorrectEntryRequestObject) (api.CorrectEntryResponseObject, error) {
	c := model.Correction{Kind: string(r.Body.Kind), By: model.Author(httpserver.Caller(ctx).Name, r.Body.By), Reason: r.Body.Reason}
	if r.Body.Changes != nil {
		var err error
		if c.Changes, err = a.amendment(*r.Body.Changes); err != nil {
			return nil, inside("changes", err)
		}
	}
	if valueOr(r.Params.DryRun, false) {
		return a.checkCorrection(ctx, r.Id, c)
	}
	stored, err := a.Recorder.Correct(ctx, r.Id, c)
	if err != nil {
		return nil, inside("changes", err)
	}
	return api.CorrectEntry201JSONResponse{CorrectionJSONResponse: a.corrected(ctx, r.Id, stored)}, nil
}

// checkCorrection answers what a correction would be, and stores nothing.
func (a *API) checkCorrection(ctx context.Context, id int64, c model.Correction) (api.CorrectEntryResponseObject, error) {
	e, err := a.Playlog.HeardEntry(ctx, id)
	if err != nil {
		return nil, err
	}
	earlier, err := a.Playlog.Corrections(ctx, id)
	if err != nil {
		return nil, err
	}
	checked, err := a.Recorder.CheckCorrection(e.Entry, earlier, c)
	if err != nil {
		return nil, inside("changes", err)
	}
	return api.CorrectEntry200JSONResponse(a.correction(checked)), nil
}

// LogMissedEntry stores an entry that a person logs, with the person's name and
// reason.
func (a *API) LogMissedEntry(ctx context.Context, r api.LogMissedEntryRequestObject) (api.LogMissedEntryResponseObject, error) {
	p, err := a.missed(r.Body.Entry)
	if err != nil {
		return nil, inside("entry", err)
	}
	c := model.Correction{By: model.Author(httpserver.Caller(ctx).Name, r.Body.By), Reason: r.Body.Reason}
	if valueOr(r.Params.DryRun, false) {
		return api.LogMissedEntry204Response{}, inside("entry", a.Recorder.CheckMissed(&p.Entry, &c))
	}
	id, stored, err := a.Recorder.LogMissed(ctx, p, c)
	if err != nil {
		return nil, inside("entry", err)
	}
	return api.LogMissedEntry201JSONResponse{CorrectionJSONResponse: a.corrected(ctx, id, stored)}, nil
}

// corrected renders a correction that was just stored, and the location of its
// entry.
func (a *API) corrected(ctx context.Context, entryID int64, c model.Correction) api.CorrectionJSONResponse {
	r := requestOf(ctx)
	root, _, _ := strings.Cut(r.URL.Path, "/playlog/")
	location := httpserver.Relative(r, root+"/playlog/"+strconv.FormatInt(entryID, 10))
	return api.CorrectionJSONResponse{
		Body:    a.correction(c),
		Headers: api.CorrectionResponseHeaders{Location: &location},
	}
}

// ListCorrections answers every correction of an entry, oldest first.
func (a *API) ListCorrections(ctx context.Context, r api.ListCorrectionsRequestObject) (api.ListCorrectionsResponseObject, error) {
	corrections, err := a.Playlog.Corrections(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	body := make(api.ListCorrections200JSONResponse, len(corrections))
	for i, c := range corrections {
		body[i] = a.correction(c)
	}
	return body, nil
}
