package handler

import (
	"context"
	"net/http"
	"time"

	"aura.radio/engine/pkg/answercache"
	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/chapters"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/report"
)

const (
	// longestRecording is a day at the end of daylight saving time.
	longestRecording = 25 * time.Hour
	// recordingStep is how often the chapters of what is still being recorded change.
	recordingStep = 10 * time.Second
)

// ListChapters answers the chapters of a recording.
func (a *API) ListChapters(ctx context.Context, r api.ListChaptersRequestObject) (api.ListChaptersResponseObject, error) {
	p := r.Params
	recording, err := a.recording(p.From, p.To)
	if err != nil {
		return nil, err
	}
	now := a.Now()
	policy := answercache.Policy{MaxAge: maxAge}
	if heard := now.Truncate(recordingStep); heard.Before(recording.To) {
		recording.To, policy.Until = heard, heard.Add(recordingStep)
	}
	plays, err := a.playsOf(ctx, recording, now)
	if err != nil {
		return nil, err
	}
	if p.TimeslotId != nil {
		part, heard := recording.Timeslot(plays, *p.TimeslotId)
		if !heard {
			return nil, model.ErrNotFound
		}
		recording = part
	}
	answercache.Keep(ctx, policy)
	sheet := chapters.Sheet{Station: a.Station, Chapters: recording.Chapters(plays, a.Links.Cover)}
	return chaptersAnswer{sheet, valueOr(p.Format, api.ChaptersJSON), valueOr(p.File, "recording.mp3")}, nil
}

// recording reads when a recording begins and ends.
func (a *API) recording(from, to string) (r chapters.Recording, _ error) {
	var wrong []model.FieldError
	read := func(name, value string) time.Time {
		t, err := a.Zone.From(value)
		if err != nil {
			wrong = append(wrong, model.NewFieldError(name, value, err.Error()))
		}
		return model.Within(t)
	}
	r.From, r.To = read("from", from), read("to", to)
	switch {
	case wrong != nil:
		return r, &model.InvalidError{Fields: wrong}
	case !r.To.After(r.From):
		return r, model.Invalid("to", to, "must be after from, which is "+from)
	case r.To.Sub(r.From) > longestRecording:
		return r, model.Invalid("to", to, "must be at most 25 hours after from, which is "+from)
	}
	return r, nil
}

// playsOf are the plays of a recording, and those next to it.
func (a *API) playsOf(ctx context.Context, r chapters.Recording, now time.Time) (plays []report.Play, _ error) {
	if !r.From.Before(r.To) {
		return nil, nil // it is still to come
	}
	around, err := report.Period{From: r.From, To: r.To}.Around(ctx, a.OnAir)
	if err != nil {
		return nil, err
	}
	err = a.Plays(around, now)(ctx, func(p report.Play) error {
		plays = append(plays, p)
		return nil
	})
	return plays, err
}

// chaptersAnswer is a sheet in one of its formats.
type chaptersAnswer struct {
	chapters.Sheet
	format api.ChaptersFormat
	file   string
}

// VisitListChaptersResponse writes the chapters.
func (c chaptersAnswer) VisitListChaptersResponse(w http.ResponseWriter) (err error) {
	var body []byte
	kind := "application/json+chapters"
	switch c.format {
	case api.ChaptersVTT:
		kind, body = "text/vtt; charset=utf-8", c.VTT()
	case api.ChaptersCue:
		kind, body = "application/x-cue; charset=utf-8", c.Cue(c.file)
	default:
		body, err = c.JSON()
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	_, err = w.Write(body)
	return err
}
