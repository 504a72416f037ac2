package handler

import (
	"context"
	"encoding/json"
	"fmt"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/web/views"
)

const (
	defaultDays  = 2
	defaultShows = 5
)

// GetLiveInfo answers what plays and which shows are on, as LibreTime does.
func (a *API) GetLiveInfo(ctx context.Context, r api.GetLiveInfoRequestObject) (api.GetLiveInfoResponseObject, error) {
	m, shows, err := a.programme(ctx, r.Params.Delay)
	if err != nil {
		return nil, err
	}
	zone := a.zoneOr(r.Params.Timezone)
	if valueOr(r.Params.Type, "") == "endofday" {
		shows = shows.Within(m.Now, zone, 1)
	}
	info := views.NewLiveInfo(m, shows, zone, int(valueOr(r.Params.Limit, defaultShows)))
	if r.Params.Callback == nil {
		return api.GetLiveInfo200JSONResponse(info), nil
	}
	return call(*r.Params.Callback, info)
}

// GetLiveInfoV2 answers what plays and which shows are on, as LibreTime 3 does.
func (a *API) GetLiveInfoV2(ctx context.Context, r api.GetLiveInfoV2RequestObject) (api.GetLiveInfoV2ResponseObject, error) {
	m, shows, err := a.programme(ctx, r.Params.Delay)
	if err != nil {
		return nil, err
	}
	zone := a.zoneOr(r.Params.Timezone)
	shows = shows.Within(m.Now, zone, int(valueOr(r.Params.Days, defaultDays)))
	info := views.NewLiveInfoV2(m, shows, zone, int(valueOr(r.Params.Shows, defaultShows)))
	if r.Params.Callback == nil {
		return api.GetLiveInfoV2200JSONResponse(info), nil
	}
	return call(*r.Params.Callback, info)
}

// programme is what plays and which shows are on, for an answer that is kept for as
// long as views are.
func (a *API) programme(ctx context.Context, delay *float64) (views.Moment, views.Shows, error) {
	m, err := a.moment(ctx, delay, viewHeld)
	if err != nil {
		return m, views.Shows{}, err
	}
	clock, err := a.shownClock(ctx, a.Now())
	if err != nil {
		return m, views.Shows{}, err
	}
	return m, views.NewShows(a.shows(clockFields(clock.Body), clock.SentAt), m), nil
}

// zoneOr is the zone of that name, or the station's.
func (a *API) zoneOr(name *string) *stationtime.Zone {
	if zone, err := stationtime.Load(valueOr(name, "")); err == nil {
		return zone
	}
	return a.Zone
}

// call is a script that calls a function with a value (JSONP). The comment in front
// keeps the answer from being anything else than a script.
func call(function string, value any) (script text, _ error) {
	argument, err := json.Marshal(value)
	if err != nil {
		return script, fmt.Errorf("render what plays: %w", err)
	}
	return text{"application/javascript", "/**/" + function + "(" + string(argument) + ");"}, nil
}
