package handler

import (
	"context"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/web/views"
)

// GetOEmbed answers how a website shows a page.
func (a *API) GetOEmbed(ctx context.Context, r api.GetOEmbedRequestObject) (api.GetOEmbedResponseObject, error) {
	p := r.Params
	if valueOr(p.Format, "json") != "json" {
		return nil, model.ErrNoSuchFormat
	}
	home := views.Home{URL: a.PageURL, Host: requestOf(ctx).Host}
	frame, ok := views.NewOEmbed(a.station(), home, p.Url, int(valueOr(p.Maxwidth, 0)), int(valueOr(p.Maxheight, 0)))
	if !ok {
		return nil, model.ErrNotFound
	}
	return api.GetOEmbed200JSONResponse(frame), nil
}
