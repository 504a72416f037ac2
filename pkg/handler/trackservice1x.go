package handler

import (
	"context"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/trackservice"
)

// maxNamedOffset is how many named tracks may be left out at the beginning. How many
// of a day's tracks have a name is not known, so all that are left out are read.
const maxNamedOffset = 5000

// ListTracks1x answers the recent tracks, newest first, to websites of AURA 1.x.
func (a *API) ListTracks1x(ctx context.Context, r api.ListTracks1xRequestObject) (api.ListTracks1xResponseObject, error) {
	p := r.Params
	q, err := a.query(listParams{offset: p.Offset, limit: p.Limit, after: p.After})
	if err != nil {
		return nil, err
	}
	q.Named = valueOr(p.ContainsMusic, false)
	if q.Named {
		if err := checkOffset(q, maxNamedOffset, "containsMusic=true"); err != nil {
			return nil, err
		}
	}
	found, err := a.recent(ctx, q, a.listening(p.Delay))
	if err != nil {
		return nil, err
	}
	body := make([]api.Track1x, len(found.entries))
	for i, e := range found.entries {
		body[i] = track1x(a.Zone, e)
	}
	return api.ListTracks1x200JSONResponse{
		Body:    body,
		Headers: api.ListTracks1x200ResponseHeaders{XTotalCount: found.total, Link: found.link},
	}, nil
}

// GetCurrentTrack1x answers the track that is playing, to websites of AURA 1.x.
func (a *API) GetCurrentTrack1x(ctx context.Context, r api.GetCurrentTrack1xRequestObject) (api.GetCurrentTrack1xResponseObject, error) {
	current, err := a.playing(ctx, delayOf(r.Params.Delay))
	if err != nil {
		return nil, err
	}
	if !current.Playing {
		return api.GetCurrentTrack1x204Response{}, nil
	}
	return api.GetCurrentTrack1x200JSONResponse(track1x(a.Zone, current.Entry)), nil
}

// track1x renders an entry as AURA 1.x does.
func track1x(zone *stationtime.Zone, e model.Entry) api.Track1x {
	shown := trackservice.Shown(e)
	t := api.Track1x{Id: e.ID, LogSource: e.LogSource}
	track1xShape.show(zone, &shown, &t)
	if shown.IsFallback() {
		t.PlayoutStatus = new(api.PlayoutFallback)
	}
	return t
}
