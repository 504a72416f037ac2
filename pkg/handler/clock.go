package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/status"
)

// StoreClock keeps the studio clock as a source sent it.
func (a *API) StoreClock(ctx context.Context, r api.StoreClockRequestObject) (api.StoreClockResponseObject, error) {
	return api.StoredResponse{}, a.storeClock(ctx, *r.Body)
}

// StoreClockByPost keeps the studio clock as a source sent it.
func (a *API) StoreClockByPost(ctx context.Context, r api.StoreClockByPostRequestObject) (api.StoreClockByPostResponseObject, error) {
	return api.StoredResponse{}, a.storeClock(ctx, *r.Body)
}

func (a *API) storeClock(ctx context.Context, body api.ClockData) error {
	body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	var object api.Object
	if err := json.Unmarshal(body, &object); err != nil || object == nil {
		return model.Invalid("body", string(body), "must be a JSON object")
	}
	if len(object) == 0 {
		return nil // it says nothing; EmptyClock is for those who mean that
	}
	f := a.said(ctx, object)
	number := f.number32(model.Spellings("engine_source")...)
	if number != nil && *number < 0 {
		number = nil
	}
	if !isClock(object) {
		f.doubts = append(f.doubts, model.NewDoubt("body", string(body), "has no field of a clock that is known"))
	}
	f.tell(a.Log.With().Int("source", valueOr(number, 0)).Logger(), "a clock")
	return a.Clocks.Keep(ctx, model.Clock{
		Source: valueOr(number, 0), SentAt: f.arrival, Body: body, ReceivedAt: a.received(f), Doubts: model.NewDoubts(f.doubts...),
	})
}

// clockFieldNames are the fields of a clock that have a meaning.
var clockFieldNames = []string{"engine_source", "current_track", "current_timeslot", "next_timeslot", "upcoming_timeslots", "planned_playlist"}

// isClock reports whether an object has a field of a clock.
func isClock(object api.Object) bool {
	f := fields{object: object}
	return slices.ContainsFunc(clockFieldNames, func(name string) bool {
		_, raw := f.find(model.Spellings(name))
		return raw != nil
	})
}

// EmptyClock forgets the studio clock of a source.
func (a *API) EmptyClock(ctx context.Context, r api.EmptyClockRequestObject) (api.EmptyClockResponseObject, error) {
	now := a.Now()
	source := r.Params.EngineSource
	if source == nil {
		shown, err := a.shownClock(ctx, now)
		if err != nil {
			return nil, err
		}
		if shown.SentAt.IsZero() {
			return api.StoredResponse{}, nil // none ever came
		}
		source = &shown.Source
	}
	return api.StoredResponse{}, a.Clocks.Keep(ctx, model.Clock{Source: *source, SentAt: now, Body: []byte("{}")})
}

// shownClock is the studio clock that GetClock shows.
func (a *API) shownClock(ctx context.Context, now time.Time) (model.Clock, error) {
	active, err := a.Sources.Active(ctx, now)
	if err != nil {
		return model.Clock{}, err
	}
	return a.Clocks.Of(ctx, active.Source)
}

// GetClock answers the studio clock of the active source. The answer contains
// the time, so it is never cached.
func (a *API) GetClock(ctx context.Context, _ api.GetClockRequestObject) (api.GetClockResponseObject, error) {
	now := a.Now()
	clock, err := a.shownClock(ctx, now)
	if err != nil {
		return nil, err
	}
	playing, err := a.Current.Current(ctx, 0)
	if err != nil {
		return nil, err
	}
	sent := clockFields(clock.Body)
	body := clockAnswer{
		ServerTime:           a.Zone.Stamp(now),
		TimeZone:             a.Zone.Name(),
		EngineSource:         clock.Source,
		AdditionalProperties: map[string]any{},
	}
	if playing.Playing {
		track := Track(a.Zone, a.Links, playing.Entry, now)
		body.CurrentTrack = &track
	}
	body.SentAt, body.ReceivedAt, body.Doubts = a.stamp(clock.SentAt), a.stamp(clock.ReceivedAt), doubts(clock.Doubts)
	shows := a.shows(sent, clock.SentAt)
	current, next := status.CurrentAndNext(shows, now)
	body.CurrentShow, body.NextShow = a.clockShow(current), a.clockShow(next)
	body.NextShows = a.nextShows(shows, now)
	body.PlannedTracks = a.plannedTracks(sent, clock.SentAt, now)
	own := fields{object: sent}
	if _, track := own.find(model.Spellings("current_track")); track != nil {
		body.AdditionalProperties["engine_current_track"] = track
	}
	for _, m := range sent {
		if !answeredByClock[m.Name] {
			body.AdditionalProperties[m.Name] = m.Value
		}
	}
	return body, nil
}

// clockAnswer is api.Clock with its own JSON encoding, which the generated
// answer lacks: the engine's own fields stand next to ours.
type clockAnswer api.Clock

// VisitGetClockResponse writes the clock.
func (c clockAnswer) VisitGetClockResponse(w http.ResponseWriter) error {
	body, err := json.Marshal(api.Clock(c))
	if err != nil {
		return fmt.Errorf("render clock: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(body)
	return err
}

// answeredByClock are the fields that the server fills in itself.
var answeredByClock = map[string]bool{
	"server_time": true, "time_zone": true, "engine_source": true, "sent_at": true, "received_at": true, "doubts": true,
	"current_track": true, "current_show": true, "next_show": true, "next_shows": true, "planned_tracks": true, "engineSource": true, "currentTrack": true,
}

// clockFields are the fields of a stored clock; none if it can't be understood.
func clockFields(body json.RawMessage) (sent api.Object) {
	_ = json.Unmarshal(body, &sent) // only objects are stored
	return sent
}

// shows are all the shows that a clock names, in any of its fields. A show
// without a start that can be understood is left out. Any other field that
// can't be understood counts as unknown.
func (a *API) shows(sent api.Object, sentAt time.Time) []status.Show {
	var slots []api.Object
	own := fields{object: sent}
	for _, name := range []string{"current_timeslot", "next_timeslot"} {
		var slot api.Object
		if _, raw := own.find(model.Spellings(name)); json.Unmarshal(raw, &slot) == nil {
			slots = append(slots, slot)
		}
	}
	var upcoming []json.RawMessage
	_, raw := own.find(model.Spellings("upcoming_timeslots"))
	_ = json.Unmarshal(raw, &upcoming)
	for _, raw := range upcoming {
		var slot api.Object
		if json.Unmarshal(raw, &slot) == nil {
			slots = append(slots, slot)
		}
	}
	var shows []status.Show
	for _, slot := range slots {
		f := &fields{object: slot, zone: a.EngineZone, arrival: sentAt, lenient: true}
		start, end := f.moment(model.Spellings("timeslot_start")...), f.moment(model.Spellings("timeslot_end")...)
		if start == nil || !isPossible(start.Time) {
			continue
		}
		show := status.Show{
			TimeslotID: valueOr(f.number(model.Spellings("timeslot_id")...), 0),
			ShowID:     valueOr(f.number(model.Spellings("show_id")...), 0),
			Name:       valueOr(f.text(model.Spellings("show_name")...), ""),
			Start:      start.Time,
		}
		if end != nil && isPossible(end.Time) {
			show.End = end.Time
		}
		shows = append(shows, show)
	}
	return shows
}

// maxShows and maxPlanned bound what a clock shows of the time to come.
const (
	maxShows   = 5
	maxPlanned = 10
)

// nextShows are the shows that begin after now.
func (a *API) nextShows(shows []status.Show, now time.Time) []*api.ClockShow {
	list := []*api.ClockShow{}
	for _, show := range status.Upcoming(shows, now) {
		if len(list) < maxShows {
			list = append(list, a.clockShow(&show))
		}
	}
	return list
}

// plannedTracks are the titles of the engine's plan that begin after now. A title
// without a start is left out: it may be over.
func (a *API) plannedTracks(sent api.Object, sentAt, now time.Time) []api.PlannedTrack {
	list := []api.PlannedTrack{}
	own := fields{object: sent}
	_, raw := own.find(model.Spellings("planned_playlist"))
	var plan struct{ Entries []json.RawMessage }
	_ = json.Unmarshal(raw, &plan)
	for _, raw := range plan.Entries {
		var entry api.Object
		if json.Unmarshal(raw, &entry) != nil {
			continue
		}
		f := &fields{object: entry, zone: a.EngineZone, arrival: sentAt, lenient: true}
		start := f.moment(model.Spellings("track_start")...)
		if start == nil || !isPossible(start.Time) || !start.Time.After(now) || len(list) == maxPlanned {
			continue
		}
		stamp := a.Zone.Stamp(start.Time)
		track := api.PlannedTrack{
			TrackStart:  &stamp,
			TrackArtist: valueOr(f.text(slices.Concat(model.Spellings("track_artist"), []string{"artist"})...), ""),
			TrackTitle:  valueOr(f.text(slices.Concat(model.Spellings("track_title"), []string{"title"})...), ""),
		}
		if length := f.seconds(slices.Concat(model.Spellings("track_duration"), []string{"duration"})...); length != nil {
			track.TrackDuration = known(length.Seconds())
		}
		list = append(list, track)
	}
	return list
}

// isPossible is false for a time that is not known and for one that no answer
// can show.
func isPossible(t time.Time) bool { return t.Equal(model.Within(t)) }

// clockShow renders a show; nil is none.
func (a *API) clockShow(show *status.Show) *api.ClockShow {
	if show == nil {
		return nil
	}
	shown := api.ClockShow{
		TimeslotId: known(show.TimeslotID),
		ShowId:     known(show.ShowID),
		ShowName:   show.Name,
		Start:      a.Zone.Stamp(show.Start),
	}
	if !show.End.IsZero() {
		shown.End = a.known(&show.End)
	}
	return &shown
}
