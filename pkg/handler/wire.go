package handler

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/loose"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// fields reads a JSON object that was sent, and collects every mistake in it.
// Its methods return nil for a field that was not sent. For a field that was
// sent as not known they return a pointer to the zero value.
type fields struct {
	raw     map[string]json.RawMessage
	zone    *stationtime.Zone
	arrival time.Time
	wrong   []model.FieldError
}

// find returns the name under which a field was sent, and its value; nil if it
// was not sent.
func (f *fields) find(names []string) (string, json.RawMessage) {
	for _, name := range names {
		if raw, ok := f.raw[name]; ok {
			return name, raw
		}
	}
	return names[0], nil
}

// read decodes one field and reports whether there is a value to use.
func (f *fields) read(names []string, into json.Unmarshaler, rule string) bool {
	name, raw := f.find(names)
	if raw == nil {
		return false
	}
	if err := into.UnmarshalJSON(raw); err != nil {
		f.refuse(name, raw, rule)
		return false
	}
	return true
}

func (f *fields) refuse(name string, raw json.RawMessage, rule string) {
	shown := string(raw)
	var text string
	if json.Unmarshal(raw, &text) == nil {
		shown = text
	}
	f.wrong = append(f.wrong, model.NewFieldError(name, shown, rule))
}

func (f *fields) text(names ...string) *string {
	var v loose.Text
	if !f.read(names, &v, "must be text") {
		return nil
	}
	return (*string)(&v)
}

func (f *fields) number(names ...string) *int64 {
	var v loose.Integer
	if !f.read(names, &v, "must be a whole number; leave it out if it is unknown") {
		return nil
	}
	return &v.Value
}

func (f *fields) number32(names ...string) *int {
	v := f.number(names...)
	if v == nil {
		return nil
	}
	if *v < math.MinInt32 || *v > math.MaxInt32 {
		name, raw := f.find(names)
		f.refuse(name, raw, "must be a number that fits 32 bits")
		return nil
	}
	n := int(*v)
	return &n
}

// beyondAnyDuration is more seconds than any entry may have, and fewer than a
// time.Duration can hold.
const beyondAnyDuration = 1e9

// seconds reads a length. An invalid length stays invalid, so that Validate
// refuses it.
func (f *fields) seconds(names ...string) *time.Duration {
	var v loose.Number
	if !f.read(names, &v, "must be a number of seconds; leave it out if it is unknown") {
		return nil
	}
	bounded := min(max(v.Value, -beyondAnyDuration), beyondAnyDuration)
	d := time.Duration(math.Round(bounded*1000)) * time.Millisecond
	return &d
}

func (f *fields) moment(names ...string) *stationtime.Reading {
	var v loose.Text
	if !f.read(names, &v, "must be a date and a time, as text") {
		return nil
	}
	if v == "" {
		return &stationtime.Reading{}
	}
	r, err := f.zone.Parse(string(v), f.arrival)
	if err != nil {
		name, raw := f.find(names)
		f.refuse(name, raw, err.Error())
		return nil
	}
	return &r
}

// err is an *model.InvalidError that names every mistake. It joins the fields
// that could not be read with the domain's mistakes in the other fields.
func (f *fields) err(domain error) error {
	if f.wrong == nil {
		return domain
	}
	invalid := &model.InvalidError{Fields: f.wrong}
	if more, ok := errors.AsType[*model.InvalidError](domain); ok {
		for _, wrong := range more.Fields {
			if !slices.ContainsFunc(f.wrong, func(w model.FieldError) bool { return w.Field == wrong.Field }) {
				invalid.Fields = append(invalid.Fields, wrong)
			}
		}
	}
	return invalid
}

// inside names the fields of an entry by their place in the body. The
// correction's own fields are next to the entry and keep their names.
func inside(parent string, err error) error {
	invalid, ok := errors.AsType[*model.InvalidError](err)
	if !ok {
		return err
	}
	named := slices.Clone(invalid.Fields)
	for i, f := range named {
		switch f.Field {
		case "kind", "by", "reason", "changes":
		default:
			named[i].Field = parent + "." + f.Field
		}
	}
	return &model.InvalidError{Fields: named}
}

func (a *API) fields(raw map[string]json.RawMessage) *fields {
	return &fields{raw: raw, zone: a.Zone, arrival: a.Now()}
}

// changes reads the fields that an entry and an amendment have in common.
func (a *API) changes(f *fields) (c model.Changes, start stationtime.Reading) {
	var startNames []string
	for _, field := range model.Fields {
		switch to := field.Change(&c).(type) {
		case **string:
			*to = f.text(field.Names...)
		case **int:
			*to = f.number32(field.Names...)
		case **int64:
			*to = f.number(field.Names...)
		case **time.Duration:
			*to = f.seconds(field.Names...)
		case **time.Time:
			startNames = field.Names
		}
	}
	read := f.moment(startNames...)
	if read == nil {
		return c, stationtime.Reading{}
	}
	if read.Shifted {
		_, raw := f.find(startNames)
		a.Log.Warn().RawJSON("track_start", raw).Time("taken_as", a.Zone.In(read.Time)).
			Msg("a start is in the hour that a daylight saving change skips; it is moved forward")
	}
	c.TrackStart = &read.Time
	return c, *read
}

// play reads an entry as engines send it. If the start was a naive time in a
// repeated hour, other is its second possible time.
func (a *API) play(body api.Play) (e model.Entry, other time.Time, _ error) {
	f := a.fields(body)
	known, start := a.changes(f)
	e = model.Entry{Overlay: model.Overlay{Changes: known}}.Effective()
	e.Overlay = model.Overlay{}
	e.LogSource = a.HostID
	source := f.number32("log_source")
	switch {
	case source != nil && *source != 0:
		e.LogSource = *source
	case a.HostID == 0 && (source != nil || f.raw["log_source"] == nil):
		f.refuse("log_source", f.raw["log_source"], "is required here: the number of the source that played it")
	}
	return e, start.Other, f.err(e.Validate())
}

// amendment reads the new values of a correction.
func (a *API) amendment(body api.Changes) (model.Changes, error) {
	f := a.fields(body)
	c, _ := a.changes(f)
	return c, f.err(nil)
}

// Track renders an entry as the track service shows it now: corrections
// applied, in the station's time zone.
func Track(zone *stationtime.Zone, e model.Entry, now time.Time) api.Track {
	effective := e.Effective()
	t := api.Track{Id: e.ID}
	trackShape.show(zone, &effective, &t)
	if e.Air != nil {
		t.LogSource = e.LogSource
		t.OnAirFrom, t.OnAirUntil = onAir(zone, *e.Air, now)
	}
	return t
}

// onAir renders when something was on air. An end in the future is not shown:
// what is on air may still be cut short.
func onAir(zone *stationtime.Zone, air model.Airing, now time.Time) (from *stationtime.Stamp, until json.RawMessage) {
	start := zone.Stamp(air.From)
	if !air.IsOver(now) {
		return &start, json.RawMessage("null")
	}
	return &start, json.RawMessage(strconv.Quote(zone.Stamp(air.Until).String()))
}

// playlogEntry renders a full record, raw as it was sent or with its
// corrections applied.
func (a *API) playlogEntry(stored model.Entry, raw bool) api.PlaylogEntry {
	e := stored
	if !raw {
		e = stored.Effective()
	}
	record := api.PlaylogEntry{
		Id:          e.ID,
		Fingerprint: stored.Fingerprint().String(),
		LogSource:   e.LogSource,
		IsSynced:    e.Synced,
		IsManual:    e.Manual,
		IsCorrected: !e.Overlay.IsEmpty(),
		IsVoid:      e.Overlay.Void,
	}
	playlogShape.show(a.Zone, &e, &record)
	if e.Air != nil {
		record.OnAirFrom, record.OnAirUntil = onAir(a.Zone, *e.Air, a.Now())
	}
	return record
}

// correction renders a correction; values that are not known are null.
func (a *API) correction(c model.Correction) api.Correction {
	return api.Correction{
		Id:      c.ID,
		Kind:    api.CorrectionKind(c.Kind),
		At:      a.Zone.Stamp(c.At),
		By:      c.By,
		Reason:  c.Reason,
		Changes: a.changedValues(c.Changes),
		Before:  a.changedValues(c.Before),
	}
}

func (a *API) changedValues(c model.Changes) *api.ChangedValues {
	if c.IsEmpty() {
		return nil
	}
	values := api.ChangedValues{}
	changed := model.Entry{Overlay: model.Overlay{Changes: c}}.Effective()
	for _, f := range model.Fields {
		if f.IsChanged(&c) {
			values[f.Name()] = changedValue(a.Zone, f, &changed)
		}
	}
	return &values
}
