package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
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
	c := model.Clock{Source: a.HostID, SentAt: a.Now().UTC().Truncate(time.Microsecond), Body: body}
	// A source that can't be understood is no reason to lose what it sent.
	if source := (&fields{raw: object}).number32("engine_source"); source != nil && *source > 0 {
		c.Source = *source
	}
	if err := model.ValidateSource("engine_source", c.Source); err != nil {
		return err
	}
	// What arrives last counts, also where the host's clock was set back since.
	last, err := a.Clocks.Clock(ctx, c.Source)
	if err != nil && !errors.Is(err, model.ErrNotFound) {
		return err
	}
	if err == nil && !c.SentAt.After(last.SentAt) {
		c.SentAt = last.SentAt.Add(time.Microsecond) // the later one counts everywhere
	}
	return a.Clocks.StoreClock(ctx, c)
}

// GetClock answers the studio clock of the active source. It tells the time,
// so it is never kept in memory.
func (a *API) GetClock(ctx context.Context, _ api.GetClockRequestObject) (api.GetClockResponseObject, error) {
	now := a.Now()
	clock, err := a.clock(ctx)
	if err != nil {
		return nil, err
	}
	playing, err := a.Current.Current(ctx)
	if err != nil {
		return nil, err
	}
	sent := clockFields(clock.Body)
	body := clockAnswer{
		ServerTime:           a.Zone.In(now),
		TimeZone:             a.Zone.Name(),
		EngineSource:         clock.Source,
		AdditionalProperties: map[string]any{},
	}
	if playing.Playing {
		track := Track(a.Zone, playing.Entry, now)
		body.CurrentTrack = &track
	}
	if !clock.SentAt.IsZero() {
		body.SentAt = a.known(&clock.SentAt)
	}
	body.CurrentShow, body.NextShow = currentAndNext(a.shows(sent, clock.SentAt), now)
	if track, ok := sent["current_track"]; ok {
		body.AdditionalProperties["engine_current_track"] = track
	}
	for name, value := range sent {
		if !answeredByClock[name] {
			body.AdditionalProperties[name] = value
		}
	}
	return body, nil
}

// clockAnswer is api.Clock with its way to JSON, which the generated answer
// lacks: the engine's own fields stand beside ours.
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

// answeredByClock are the fields that the server says itself.
var answeredByClock = map[string]bool{
	"server_time": true, "time_zone": true, "engine_source": true, "sent_at": true,
	"current_track": true, "current_show": true, "next_show": true,
}

// clock is that of the active source, else this host's own, else the default
// source's; the active source's without anything in it where none ever came.
func (a *API) clock(ctx context.Context) (model.Clock, error) {
	active, err := a.activeSource(ctx)
	if err != nil {
		return model.Clock{}, err
	}
	for _, source := range []int{active.Source, a.HostID, a.DefaultSource} {
		c, err := a.Clocks.Clock(ctx, source)
		if !errors.Is(err, model.ErrNotFound) {
			return c, err
		}
	}
	return model.Clock{Source: active.Source}, nil
}

// clockFields are the fields of a clock that was stored; none where it can't be
// understood.
func clockFields(body json.RawMessage) map[string]json.RawMessage {
	var sent map[string]json.RawMessage
	_ = json.Unmarshal(body, &sent) // only objects are stored
	return sent
}

// shows are the shows that a clock names, wherever it does. Of what can't be
// understood a show without a start is left out, and another field is unknown.
func (a *API) shows(sent map[string]json.RawMessage, sentAt time.Time) []api.ClockShow {
	var slots []map[string]json.RawMessage
	for _, name := range []string{"current_timeslot", "next_timeslot"} {
		var slot map[string]json.RawMessage
		if json.Unmarshal(sent[name], &slot) == nil {
			slots = append(slots, slot)
		}
	}
	var upcoming []json.RawMessage
	_ = json.Unmarshal(sent["upcoming_timeslots"], &upcoming)
	for _, raw := range upcoming {
		var slot map[string]json.RawMessage
		if json.Unmarshal(raw, &slot) == nil {
			slots = append(slots, slot)
		}
	}
	var shows []api.ClockShow
	for _, slot := range slots {
		f := &fields{raw: slot, zone: a.Zone, arrival: sentAt}
		start, end := f.moment("timeslot_start"), f.moment("timeslot_end")
		if start == nil || !isPossible(start.Time) {
			continue
		}
		show := api.ClockShow{
			TimeslotId: knownID(valueOr(f.number("timeslot_id"), 0)),
			ShowId:     knownID(valueOr(f.number("show_id"), 0)),
			ShowName:   valueOr(f.text("show_name"), ""),
			Start:      a.Zone.In(start.Time),
		}
		if end != nil && isPossible(end.Time) {
			show.End = a.known(&end.Time)
		}
		shows = append(shows, show)
	}
	return shows
}

// isPossible leaves out what is not known, and what no answer can show.
func isPossible(t time.Time) bool { return t.Equal(within(t)) }

// currentAndNext decides by the time now, not by where the engine named a show:
// it may not have told anything for long. Of several that are on, the one that
// began last is current; one without an end ends where another begins.
func currentAndNext(shows []api.ClockShow, now time.Time) (current, next *api.ClockShow) {
	var begun time.Time // when the last one did
	for i := range shows {
		show := &shows[i]
		if show.Start.After(now) {
			if next == nil || show.Start.Before(next.Start) {
				next = show
			}
			continue
		}
		if show.Start.After(begun) {
			begun = show.Start
		}
		isOver := show.End != nil && !show.End.After(now)
		if !isOver && (current == nil || show.Start.After(current.Start)) {
			current = show
		}
	}
	if current != nil && current.End == nil && current.Start.Before(begun) {
		current = nil
	}
	return current, next
}
