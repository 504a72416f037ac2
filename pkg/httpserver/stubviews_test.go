package httpserver_test

import (
	"context"
	"strings"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/web/views"
)

// The stub's views are those of a station that is silent.
var (
	silence    = views.Moment{Now: noon.Time}
	itsStation = views.Station{Name: "AURA", Zone: utcZone()}
)

func utcZone() *stationtime.Zone {
	zone, err := stationtime.Load("UTC")
	if err != nil {
		panic(err)
	}
	return zone
}

func (stub) ListNowPlaying(context.Context, api.ListNowPlayingRequestObject) (api.ListNowPlayingResponseObject, error) {
	return api.ListNowPlaying200JSONResponse{views.NewAzuraCast(itsStation, silence)}, nil
}

func (stub) GetNowPlaying(context.Context, api.GetNowPlayingRequestObject) (api.GetNowPlayingResponseObject, error) {
	return api.GetNowPlaying200JSONResponse(views.NewAzuraCast(itsStation, silence)), nil
}

func (stub) GetNowPlayingFile(context.Context, api.GetNowPlayingFileRequestObject) (api.GetNowPlayingFileResponseObject, error) {
	return api.GetNowPlayingFile200JSONResponse(views.NewAzuraCast(itsStation, silence)), nil
}

func (stub) StreamNowPlaying(context.Context, api.StreamNowPlayingRequestObject) (api.StreamNowPlayingResponseObject, error) {
	return api.StreamNowPlaying200TexteventStreamResponse{Body: strings.NewReader("data: {}\n\n")}, nil
}

func (stub) StreamRadioDNSOnFM(context.Context, api.StreamRadioDNSOnFMRequestObject) (api.StreamRadioDNSOnFMResponseObject, error) {
	return api.StreamRadioDNSOnFM200TexteventStreamResponse{Body: strings.NewReader("event: text\ndata: {}\n\n")}, nil
}

func (stub) StreamRadioDNSOnDAB(context.Context, api.StreamRadioDNSOnDABRequestObject) (api.StreamRadioDNSOnDABResponseObject, error) {
	return api.StreamRadioDNSOnDAB200TexteventStreamResponse{Body: strings.NewReader("event: text\ndata: {}\n\n")}, nil
}

func (stub) GetLiveInfo(context.Context, api.GetLiveInfoRequestObject) (api.GetLiveInfoResponseObject, error) {
	return api.GetLiveInfo200JSONResponse(views.NewLiveInfo(silence, views.Shows{}, utcZone(), 5)), nil
}

func (stub) GetLiveInfoV2(context.Context, api.GetLiveInfoV2RequestObject) (api.GetLiveInfoV2ResponseObject, error) {
	return api.GetLiveInfoV2200JSONResponse(views.NewLiveInfoV2(silence, views.Shows{}, utcZone(), 5)), nil
}

func (stub) GetNowPlayingLine(context.Context, api.GetNowPlayingLineRequestObject) (api.GetNowPlayingLineResponseObject, error) {
	return api.GetNowPlayingLine200TextResponse("Mazzie Star - Fade Into You\n"), nil
}

func (stub) GetNowPlayingFlat(context.Context, api.GetNowPlayingFlatRequestObject) (api.GetNowPlayingFlatResponseObject, error) {
	return api.GetNowPlayingFlat200JSONResponse(views.NewFlat(itsStation, silence)), nil
}

func (stub) GetFeed(context.Context, api.GetFeedRequestObject) (api.GetFeedResponseObject, error) {
	return api.GetFeed200ApplicationatomXmlResponse{Body: strings.NewReader("<feed/>")}, nil
}

func (stub) GetOEmbed(context.Context, api.GetOEmbedRequestObject) (api.GetOEmbedResponseObject, error) {
	frame, _ := views.NewOEmbed(itsStation, views.Home{Host: "radio.example"}, "https://radio.example/", 0, 0)
	return api.GetOEmbed200JSONResponse(frame), nil
}
