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
	m, err := a.moment(ctx, viewHeld)
	return api.GetNowPlayingLine200TextResponse(views.NewLine(m)), err
}

// GetNowPlayingFlat answers what plays without nesting.
func (a *API) GetNowPlayingFlat(ctx context.Context, _ api.GetNowPlayingFlatRequestObject) (api.GetNowPlayingFlatResponseObject, error) {
	m, err := a.moment(ctx, viewHeld)
	return api.GetNowPlayingFlat200JSONResponse(views.NewFlat(a.station(), m)), err
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
