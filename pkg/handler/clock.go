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
	var object map[string]json.RawMessage
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
func isClock(object map[string]json.RawMessage) bool {
	f := fields{raw: object}
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
	current, next := status.CurrentAndNext(a.shows(sent, clock.SentAt), now)
	body.CurrentShow, body.NextShow = a.clockShow(current), a.clockShow(next)
	own := fields{raw: sent}
	if _, track := own.find(model.Spellings("current_track")); track != nil {
		body.AdditionalProperties["engine_current_track"] = track
	}
	for name, value := range sent {
		if !answeredByClock[name] {
			body.AdditionalProperties[name] = value
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
	"current_track": true, "current_show": true, "next_show": true, "engineSource": true, "currentTrack": true,
}

// clockFields are the fields of a stored clock; none if it can't be understood.
func clockFields(body json.RawMessage) map[string]json.RawMessage {
	var sent map[string]json.RawMessage
	_ = json.Unmarshal(body, &sent) // only objects are stored
	return sent
}

// shows are all the shows that a clock names, in any of its fields. A show
// without a start that can be understood is left out. Any other field that
// can't be understood counts as unknown.
func (a *API) shows(sent map[string]json.RawMessage, sentAt time.Time) []status.Show {
	var slots []map[string]json.RawMessage
	own := fields{raw: sent}
	for _, name := range []string{"current_timeslot", "next_timeslot"} {
		var slot map[string]json.RawMessage
		if _, raw := own.find(model.Spellings(name)); json.Unmarshal(raw, &slot) == nil {
			slots = append(slots, slot)
		}
	}
	var upcoming []json.RawMessage
	_, raw := own.find(model.Spellings("upcoming_timeslots"))
	_ = json.Unmarshal(raw, &upcoming)
	for _, raw := range upcoming {
		var slot map[string]json.RawMessage
		if json.Unmarshal(raw, &slot) == nil {
			slots = append(slots, slot)
		}
	}
	var shows []status.Show
	for _, slot := range slots {
		f := &fields{raw: slot, zone: a.EngineZone, arrival: sentAt, lenient: true}
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
