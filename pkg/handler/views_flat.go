package handler

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/web/views"
)

// GetNowPlayingLine answers what plays in one line.
func (a *API) GetNowPlayingLine(ctx context.Context, r api.GetNowPlayingLineRequestObject) (api.GetNowPlayingLineResponseObject, error) {
	m, err := a.moment(ctx, r.Params.Delay, viewHeld)
	return text{"text/plain", views.NewLine(m)}, err
}

// GetNowPlayingFlat answers what plays without nesting.
func (a *API) GetNowPlayingFlat(ctx context.Context, r api.GetNowPlayingFlatRequestObject) (api.GetNowPlayingFlatResponseObject, error) {
	m, err := a.moment(ctx, r.Params.Delay, viewHeld)
	return api.GetNowPlayingFlat200JSONResponse(views.NewFlat(a.station(), m)), err
}

// GetFeed answers the latest plays as a feed.
func (a *API) GetFeed(ctx context.Context, r api.GetFeedRequestObject) (api.GetFeedResponseObject, error) {
	m, err := a.moment(ctx, r.Params.Delay, staticHeld)
	if err != nil {
		return nil, err
	}
	asked := requestOf(ctx)
	self := httpserver.Relative(asked, "/feed.xml")
	if asked.URL.RawQuery != "" {
		self += "?" + asked.URL.RawQuery
	}
	feed, err := xml.MarshalIndent(views.NewFeed(a.station(), m, self), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("render the feed: %w", err)
	}
	return text{"application/atom+xml", xml.Header + string(feed) + "\n"}, nil
}

// text is an answer of that type, in UTF-8.
type text struct{ kind, body string }

func (t text) write(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", t.kind+"; charset=utf-8")
	_, err := io.WriteString(w, t.body)
	return err
}

// VisitGetNowPlayingLineResponse writes the line.
func (t text) VisitGetNowPlayingLineResponse(w http.ResponseWriter) error { return t.write(w) }

// VisitGetFeedResponse writes the feed.
func (t text) VisitGetFeedResponse(w http.ResponseWriter) error { return t.write(w) }

// VisitGetLiveInfoResponse writes the script.
func (t text) VisitGetLiveInfoResponse(w http.ResponseWriter) error { return t.write(w) }

// VisitGetLiveInfoV2Response writes the script.
func (t text) VisitGetLiveInfoV2Response(w http.ResponseWriter) error { return t.write(w) }
