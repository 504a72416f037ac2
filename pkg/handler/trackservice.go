package handler

import (
	"context"
	"net/http"
	"slices"
	"time"

	"aura.radio/engine/pkg/answercache"
	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/trackservice"
)

// maxAge is how long browsers and proxies may show an answer of the track
// service without asking again.
const maxAge = time.Second

// ListTracks answers the recent tracks, newest first.
func (a *API) ListTracks(ctx context.Context, r api.ListTracksRequestObject) (api.ListTracksResponseObject, error) {
	p := r.Params
	q, err := a.query(listParams{p.Page, p.Offset, p.Limit, p.After, p.FromDate, p.ToDate})
	if err != nil {
		return nil, err
	}
	var found page
	if text := valueOr(p.Q, ""); text != "" {
		found, err = a.found(ctx, text, q)
	} else {
		found, err = a.recent(ctx, q)
	}
	if err != nil {
		return nil, err
	}
	return api.ListTracks200JSONResponse{TracksJSONResponse: a.tracks(found)}, nil
}

// recent reads one page of what has started, and has the answer kept while it is
// right.
func (a *API) recent(ctx context.Context, q model.EntryQuery) (page, error) {
	until, err := trackservice.UntilNow(ctx, a.OnAir, &q, a.Now())
	if err != nil {
		return page{}, err
	}
	found, err := a.page(ctx, a.OnAir, q)
	if err != nil {
		return page{}, err
	}
	answercache.Keep(ctx, answercache.Policy{Until: trackservice.UntilOver(until, a.Now(), found.entries...), MaxAge: maxAge})
	return found, nil
}

// maxOfDay bounds the tracks of a day: one every nine seconds.
const maxOfDay = 10_000

// ListTracksOfDay answers the tracks of one day, oldest first. The first one may
// have begun before.
func (a *API) ListTracksOfDay(ctx context.Context, r api.ListTracksOfDayRequestObject) (api.ListTracksOfDayResponseObject, error) {
	from, to, err := a.Zone.Day(r.Date)
	if err != nil {
		return nil, model.Invalid("date", r.Date, err.Error())
	}
	q := model.EntryQuery{From: model.Within(from), To: model.Within(to.Add(-time.Microsecond)), Oldest: true, Limit: maxOfDay}
	until, err := trackservice.UntilNow(ctx, a.OnAir, &q, a.Now())
	if err != nil {
		return nil, err
	}
	count, err := a.OnAir.CountEntries(ctx, q)
	if err != nil {
		return nil, err
	}
	entries, err := a.OnAir.Entries(ctx, q)
	if err != nil {
		return nil, err
	}
	var sounding *report.Play
	if valueOr(r.Params.Started, api.Any) != api.Only {
		if sounding, until, err = a.sounding(ctx, from, until); err != nil {
			return nil, err
		}
	}
	if sounding != nil {
		entries = slices.Insert(entries, 0, sounding.Entry)
		entries = entries[:min(len(entries), maxOfDay)]
		count++
	}
	answercache.Keep(ctx, answercache.Policy{Until: trackservice.UntilOver(until, a.Now(), entries...), MaxAge: maxAge})
	total := int(count)
	tracks := a.tracks(page{entries: entries, total: &total})
	if sounding != nil {
		tracks.Body[0].BeganBefore = true
	}
	return api.ListTracksOfDay200JSONResponse{TracksJSONResponse: tracks}, nil
}

// sounding is what began before a day and still sounds when the day begins; nil
// if there is nothing. The answer may change when the day begins, so until is then
// at the latest.
func (a *API) sounding(ctx context.Context, day, until time.Time) (*report.Play, time.Time, error) {
	now := a.Now()
	if begun := day.Add(time.Microsecond); now.Before(begun) {
		if until.IsZero() || begun.Before(until) {
			until = begun
		}
		return nil, until, nil
	}
	plays := func(p report.Period) report.Plays { return a.Plays(p, now) }
	play, err := report.Sounding(ctx, a.OnAir, plays, day)
	return play, until, err
}

func (a *API) tracks(p page) api.TracksJSONResponse {
	now := a.Now()
	body := make([]api.Track, len(p.entries))
	for i, e := range p.entries {
		body[i] = Track(a.Zone, e, now)
	}
	return api.TracksJSONResponse{Body: body, Headers: api.TracksResponseHeaders{XTotalCount: p.total, Link: p.link}}
}

// GetTrack answers one track that was played.
func (a *API) GetTrack(ctx context.Context, r api.GetTrackRequestObject) (api.GetTrackResponseObject, error) {
	e, err := a.OnAir.Entry(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	if !trackservice.IsShown(&e, a.Now()) {
		return nil, model.ErrNotFound
	}
	answercache.Keep(ctx, answercache.Policy{Until: trackservice.UntilOver(time.Time{}, a.Now(), e), MaxAge: maxAge})
	return api.GetTrack200JSONResponse(Track(a.Zone, e, a.Now())), nil
}

// GetCurrentTrack answers the track that is playing.
func (a *API) GetCurrentTrack(ctx context.Context, _ api.GetCurrentTrackRequestObject) (api.GetCurrentTrackResponseObject, error) {
	current, err := a.playing(ctx)
	if err != nil {
		return nil, err
	}
	if !current.Playing {
		return api.GetCurrentTrack204Response{}, nil
	}
	return api.GetCurrentTrack200JSONResponse(Track(a.Zone, current.Entry, a.Now())), nil
}

// playing reads what is playing, and has the answer kept while it is right.
func (a *API) playing(ctx context.Context) (trackservice.Track, error) {
	current, err := a.Current.Current(ctx)
	if err != nil {
		return current, err
	}
	answercache.Keep(ctx, answercache.Policy{Until: current.Until, MaxAge: maxAge})
	return current, nil
}

// StreamTracks pushes the current track and its changes.
func (a *API) StreamTracks(ctx context.Context, _ api.StreamTracksRequestObject) (api.StreamTracksResponseObject, error) {
	return streamAnswer(func(w http.ResponseWriter) error { return a.Current.Serve(w, requestOf(ctx)) }), nil
}

// streamAnswer is an answer that is written until the client leaves.
type streamAnswer func(w http.ResponseWriter) error

// VisitStreamTracksResponse serves the stream.
func (write streamAnswer) VisitStreamTracksResponse(w http.ResponseWriter) error { return write(w) }
