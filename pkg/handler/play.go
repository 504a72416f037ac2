package handler

import (
	"context"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/lenient"
	"aura.radio/engine/pkg/api/loose"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/stationtime"
)

// play reads a title as its engine sends it. Whatever could be a play is one:
// what is not understood is left out and becomes a doubt. Error: an
// *model.InvalidError if nothing in it says what was played.
func (a *API) play(ctx context.Context, body api.Play) (playlog.Play, error) {
	f := a.said(ctx, body)
	e, start := a.entry(f)
	if loose.IsNone(e.Artist) && loose.IsNone(e.Title) {
		e.Artist, e.Title = "", ""
	}
	if playlog.SaysNothing(&e) {
		return playlog.Play{}, model.Invalid("body", "", "must say what was played: at least one of track_start, track_artist, track_title, track_album, show_name, or a number of show, timeslot, playlist or media")
	}
	if err := a.speaker(f, &e); err != nil {
		return playlog.Play{}, err
	}
	isUndated := false
	e.TrackStart, isUndated = a.start(f, start)
	e.ReceivedAt = a.received(f)
	e.Doubts = model.NewDoubts(f.doubts...)
	p := playlog.Play{Entry: e}
	if !a.isSyncNode() { // what a sync node gets is a node's entry, which has its identity
		p = playlog.NewPlay(e)
	}
	p.Other, p.Undated = start.Other, isUndated
	return p, nil
}

// said are the fields of a body that an engine sent.
func (a *API) said(ctx context.Context, body api.Object) *fields {
	f := &fields{object: body, zone: a.EngineZone, arrival: a.arrival(ctx), lenient: true}
	for _, d := range lenient.Doubts(ctx) {
		if field := model.FieldSpelled(d.Field); field != nil {
			d.Field = field.Name()
		}
		f.doubts = append(f.doubts, d)
	}
	return f
}

// received is when it arrived at its own host. It is zero on a sync node: original
// nodes send to it, and their arrival there says nothing.
func (a *API) received(f *fields) time.Time {
	if a.isSyncNode() {
		return time.Time{}
	}
	return f.arrival.UTC().Truncate(time.Microsecond)
}

// arrival is when a body came. A body that was refused may be sent again.
func (a *API) arrival(ctx context.Context) time.Time {
	if at, again := httpserver.Arrival(ctx); again {
		return at
	}
	return a.Now()
}

// tell logs the doubts about what was sent.
func (f *fields) tell(log zerolog.Logger, what string) {
	if doubts := slices.DeleteFunc(slices.Clone(f.doubts), source.IsExpected); len(doubts) > 0 {
		log.Warn().Interface("doubts", doubts).Msg("a part of " + what + " was not understood and counts as unknown")
	}
}

// speaker finds the source that played the entry.
func (a *API) speaker(f *fields, e *model.Entry) error {
	names := model.FieldOf("log_source").Names
	name, raw := f.find(names)
	var doubt string
	e.LogSource, doubt = a.speakers().Of(valueOr(f.number32(names...), 0), name != names[0])
	if e.LogSource == 0 {
		return model.Invalid("log_source", string(raw), "is required here: the number of the source that played it")
	}
	if doubt != "" {
		f.refuse(names, name, raw, doubt)
	}
	return nil
}

// speakers is the rule for which source an engine's words are about.
func (a *API) speakers() source.Speakers {
	return source.Speakers{Host: a.HostID, AsSent: a.EngineAsSent}
}

// start is when the entry started. Without a usable start it is the arrival.
func (a *API) start(f *fields, read stationtime.Reading) (start time.Time, undated bool) {
	start, doubt := playlog.Start(read.Time, f.arrival)
	names := model.FieldOf("track_start").Names
	name, raw := f.find(names)
	isUnreadable := read.Time.IsZero() && raw != nil && !isNone(raw) // there is a doubt about it already
	if doubt != "" && !isUnreadable {
		f.refuse(names, name, raw, doubt)
	}
	return start, !start.Equal(read.Time)
}
