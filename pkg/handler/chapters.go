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

// longestRecording is a day at the end of daylight saving time.
const longestRecording = 25 * time.Hour

// ListChapters answers the chapters of a recording.
func (a *API) ListChapters(ctx context.Context, r api.ListChaptersRequestObject) (api.ListChaptersResponseObject, error) {
	p := r.Params
	recording, err := a.recording(p.From, p.To)
	if err != nil {
		return nil, err
	}
	now := a.Now()
	recording, until := recording.SoFar(now)
	plays, err := recording.Plays(ctx, a.OnAir, func(p report.Period) report.Plays { return a.Plays(p, now) })
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
	answercache.Keep(ctx, answercache.Policy{Until: until, MaxAge: maxAge})
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
