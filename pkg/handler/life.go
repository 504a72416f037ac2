package handler

import (
	"context"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
)

// Lives knows when sources were last heard; *status.Lives implements it.
type Lives interface {
	Reported(source int)
	Played(source int)
	Of(source int) model.Life
}

// GetLife answers when an engine was last heard.
func (a *API) GetLife(_ context.Context, r api.GetLifeRequestObject) (api.GetLifeResponseObject, error) {
	heard := a.Lives.Of(r.Number)
	return api.GetLife200JSONResponse{
		Source: heard.Source, Start: heard.Start, Reports: said(heard.Reports), Plays: said(heard.Plays),
	}, nil
}

func said(w model.Words) api.Words {
	if w.Count == 0 {
		return api.Words{}
	}
	return api.Words{Count: w.Count, SecondsAgo: new(w.Ago.Seconds())}
}

// isNow reports whether a request comes from the engine now. One that was refused
// is sent again by this service itself.
func isNow(ctx context.Context) bool {
	_, again := httpserver.Arrival(ctx)
	return !again
}
