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
	l := a.listening(p.Delay)
	var found page
	if text := valueOr(p.Q, ""); text != "" {
		found, err = a.found(ctx, text, q, l)
	} else {
		found, err = a.recent(ctx, q, l)
	}
	if err != nil {
		return nil, err
	}
	return api.ListTracks200JSONResponse{TracksJSONResponse: a.tracks(found, l.heard)}, nil
}

// listening is which time of the log somebody hears.
type listening struct {
	delay trackservice.Delay
	heard time.Time
}

// listening reads by how many seconds the listener is behind.
func (a *API) listening(delay *float64) listening {
	d := delayOf(delay)
	return listening{d, d.Heard(a.Now())}
}

func delayOf(seconds *float64) trackservice.Delay {
	return trackservice.Delay(valueOr(seconds, 0) * float64(time.Second))
}

// keep has an answer about entries kept until the listener hears something else:
// what begins at until, or the end of one of the entries.
func (l listening) keep(ctx context.Context, until time.Time, entries ...model.Entry) {
	until = l.delay.Reaches(trackservice.UntilOver(until, l.heard, entries...))
	answercache.Keep(ctx, answercache.Policy{Until: until, MaxAge: maxAge})
}

// recent reads one page of what has started, and has the answer kept while it is
// right.
func (a *API) recent(ctx context.Context, q model.EntryQuery, l listening) (page, error) {
	until, err := trackservice.UntilNow(ctx, a.OnAir, &q, l.heard)
	if err != nil {
		return page{}, err
	}
	found, err := a.page(ctx, a.OnAir, q)
	if err != nil {
		return page{}, err
	}
	l.keep(ctx, until, found.entries...)
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
	l := a.listening(r.Params.Delay)
	until, err := trackservice.UntilNow(ctx, a.OnAir, &q, l.heard)
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
		if sounding, until, err = a.sounding(ctx, from, until, l.heard); err != nil {
			return nil, err
		}
	}
	if sounding != nil {
		entries = slices.Insert(entries, 0, sounding.Entry)
		entries = entries[:min(len(entries), maxOfDay)]
		count++
	}
	l.keep(ctx, until, entries...)
	total := int(count)
	tracks := a.tracks(page{entries: entries, total: &total}, l.heard)
	if sounding != nil {
		tracks.Body[0].BeganBefore = true
	}
	return api.ListTracksOfDay200JSONResponse{TracksJSONResponse: tracks}, nil
}

// sounding is what began before a day and still sounds when the day begins; nil
// if there is nothing. The answer may change when the day begins, so until is then
// at the latest.
func (a *API) sounding(ctx context.Context, day, until, now time.Time) (*report.Play, time.Time, error) {
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

func (a *API) tracks(p page, now time.Time) api.TracksJSONResponse {
	body := make([]api.Track, len(p.entries))
	for i, e := range p.entries {
		body[i] = Track(a.Zone, a.Links, e, now)
	}
	return api.TracksJSONResponse{Body: body, Headers: api.TracksResponseHeaders{XTotalCount: p.total, Link: p.link}}
}

// GetTrack answers one track that was played.
func (a *API) GetTrack(ctx context.Context, r api.GetTrackRequestObject) (api.GetTrackResponseObject, error) {
	e, err := a.OnAir.Entry(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	l := a.listening(nil)
	if !trackservice.IsShown(&e, l.heard) {
		return nil, model.ErrNotFound
	}
	l.keep(ctx, time.Time{}, e)
	return api.GetTrack200JSONResponse(Track(a.Zone, a.Links, e, l.heard)), nil
}

// GetCurrentTrack answers the track that is playing.
func (a *API) GetCurrentTrack(ctx context.Context, r api.GetCurrentTrackRequestObject) (api.GetCurrentTrackResponseObject, error) {
	l := a.listening(r.Params.Delay)
	current, err := a.playing(ctx, l.delay)
	if err != nil {
		return nil, err
	}
	if !current.Playing {
		return api.GetCurrentTrack204Response{}, nil
	}
	return api.GetCurrentTrack200JSONResponse(Track(a.Zone, a.Links, current.Entry, l.heard)), nil
}

// playing reads what is playing for a listener with that delay, and has the answer
// kept while it is right.
func (a *API) playing(ctx context.Context, d trackservice.Delay) (trackservice.Track, error) {
	current, err := a.Current.Current(ctx, d)
	if err != nil {
		return current, err
	}
	answercache.Keep(ctx, answercache.Policy{Until: current.Until, MaxAge: maxAge})
	return current, nil
}

// StreamTracks pushes the current track and its changes.
func (a *API) StreamTracks(ctx context.Context, r api.StreamTracksRequestObject) (api.StreamTracksResponseObject, error) {
	return streamAnswer(func(w http.ResponseWriter) error {
		return a.Current.Serve(w, requestOf(ctx), delayOf(r.Params.Delay))
	}), nil
}

// streamAnswer is an answer that is written until the client leaves.
type streamAnswer func(w http.ResponseWriter) error

// VisitStreamTracksResponse serves the stream.
func (write streamAnswer) VisitStreamTracksResponse(w http.ResponseWriter) error { return write(w) }
