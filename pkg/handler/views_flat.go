package handler

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"strings"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/web/views"
)

// GetNowPlayingLine answers what plays in one line.
func (a *API) GetNowPlayingLine(ctx context.Context, _ api.GetNowPlayingLineRequestObject) (api.GetNowPlayingLineResponseObject, error) {
	current, err := a.playing(ctx)
	return api.GetNowPlayingLine200TextResponse(views.NewLine(views.NewMoment(a.Now(), current, nil))), err
}

// GetNowPlayingFlat answers what plays without nesting.
func (a *API) GetNowPlayingFlat(ctx context.Context, _ api.GetNowPlayingFlatRequestObject) (api.GetNowPlayingFlatResponseObject, error) {
	current, err := a.Current.Current(ctx)
	if err != nil {
		return nil, err
	}
	a.keep(ctx, current.Until, viewHeld)
	return api.GetNowPlayingFlat200JSONResponse(views.NewFlat(a.station(), views.NewMoment(a.Now(), current, nil))), nil
}

// GetFeed answers the latest plays as a feed.
func (a *API) GetFeed(ctx context.Context, _ api.GetFeedRequestObject) (api.GetFeedResponseObject, error) {
	m, err := a.moment(ctx, staticHeld)
	if err != nil {
		return nil, err
	}
	r := requestOf(ctx)
	self := httpserver.Relative(r, "/feed.xml")
	if r.URL.RawQuery != "" {
		self += "?" + r.URL.RawQuery
	}
	feed, err := xml.MarshalIndent(views.NewFeed(a.station(), m, self), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("render the feed: %w", err)
	}
	feed = bytes.Join([][]byte{[]byte(strings.TrimSpace(xml.Header)), feed, nil}, []byte("\n"))
	return api.GetFeed200ApplicationatomXmlResponse{Body: bytes.NewReader(feed), ContentLength: int64(len(feed))}, nil
}
