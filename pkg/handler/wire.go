package handler

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/loose"
	"aura.radio/engine/pkg/links"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/trackservice"
)

// fields reads a JSON object that was sent, and collects what is wrong in it.
// Its methods return nil for a field that was not sent. For a field that was
// sent as not known they return a pointer to the zero value.
type fields struct {
	object  api.Object
	zone    *stationtime.Zone
	arrival time.Time
	// lenient: an engine sent it, which sends nothing twice. What can't be
	// understood is left out and becomes a doubt. Otherwise it is a mistake.
	lenient bool
	wrong   []model.FieldError
	doubts  []model.Doubt
}

// find returns the name under which a field was sent, and its value; nil if it
// was not sent. If it was sent in several spellings, the first that is known
// counts.
func (f *fields) find(names []string) (name string, value json.RawMessage) {
	name = names[0]
	for _, spelling := range names {
		if raw, ok := f.object.Get(spelling); ok && (value == nil || isNone(value) && !isNone(raw)) {
			name, value = spelling, raw
		}
	}
	return name, value
}

// others refuses what was sent in another spelling of a field, with another
// value.
func (f *fields) others(names []string, name string, value json.RawMessage) {
	for _, spelling := range names {
		if raw, ok := f.object.Get(spelling); ok && !isNone(raw) && !bytes.Equal(raw, value) {
			f.refuse(names, spelling, raw, "was also sent as "+name+", with another value, which counts")
		}
	}
}

// isNone reports whether a value stands for nothing.
func isNone(raw json.RawMessage) bool {
	switch string(bytes.TrimSpace(raw)) {
	case "null", `""`, "-1", `"-1"`:
		return true
	}
	return false
}

// read decodes one field and reports whether there is a value to use.
func (f *fields) read(names []string, into json.Unmarshaler, rule string) bool {
	name, raw := f.find(names)
	if raw == nil {
		return false
	}
	f.others(names, name, raw)
	if err := into.UnmarshalJSON(raw); err != nil {
		f.refuse(names, name, raw, rule)
		return false
	}
	return true
}

// refuse notes a mistake in a field that was sent under that name, or a doubt.
func (f *fields) refuse(names []string, name string, raw json.RawMessage, rule string) {
	shown := string(raw)
	var text string
	if json.Unmarshal(raw, &text) == nil {
		shown = text
	}
	if f.lenient {
		f.doubts = append(f.doubts, model.NewDoubt(names[0], shown, rule))
		return
	}
	f.wrong = append(f.wrong, model.NewFieldError(name, shown, rule))
}

func (f *fields) text(names ...string) *string {
	var v loose.Names
	if !f.read(names, &v, "must be text") {
		return nil
	}
	return (*string)(&v)
}

func (f *fields) number(names ...string) *int64 {
	var v loose.Count
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
		f.refuse(names, name, raw, "must be a number that fits 32 bits")
		return nil
	}
	n := int(*v)
	return &n
}

func (f *fields) seconds(names ...string) *time.Duration {
	var v loose.Length
	if !f.read(names, &v, "must be a number of seconds from 0 to 31622400; leave it out if it is unknown") {
		return nil
	}
	d := time.Duration(math.Round(v.Value*1000)) * time.Millisecond
	return &d
}

func (f *fields) boolean(names ...string) *bool {
	var v loose.Boolean
	if !f.read(names, &v, "must be true or false") {
		return nil
	}
	return (*bool)(&v)
}

func (f *fields) moment(names ...string) *stationtime.Reading {
	var v loose.Text
	if !f.read(names, &v, "must be a date and a time, as text") {
		return nil
	}
	if v == "" {
		return &stationtime.Reading{}
	}
	r, err := f.zone.ParseEngine(string(v), f.arrival)
	if err != nil {
		name, raw := f.find(names)
		f.refuse(names, name, raw, err.Error())
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

func (a *API) fields(object api.Object) *fields {
	return &fields{object: object, zone: a.Zone, arrival: a.Now()}
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

// entry reads an entry, without its source. start is what was read as its start.
func (a *API) entry(f *fields) (e model.Entry, start stationtime.Reading) {
	known, start := a.changes(f)
	return known.Entry(), start
}

// missed reads an entry as a person logs it.
func (a *API) missed(body api.Play) (playlog.Play, error) {
	f := a.fields(body)
	e, start := a.entry(f)
	e.LogSource = a.HostID
	names := model.FieldOf("log_source").Names
	source := f.number32(names...)
	switch {
	case source != nil && *source != 0:
		e.LogSource = *source
	case a.HostID == 0:
		name, raw := f.find(names)
		f.refuse(names, name, raw, "is required here: the number of the source that played it")
	}
	p := playlog.NewPlay(e)
	p.Other = start.Other
	return p, f.err(e.Validate())
}

// amendment reads the new values of a correction.
func (a *API) amendment(body api.Changes) (model.Changes, error) {
	f := a.fields(body)
	c, _ := a.changes(f)
	c.Tidy()
	return c, f.err(nil)
}

// Track renders an entry as the track service shows it to who hears that time:
// corrections applied, in the station's time zone, with the station's links.
func Track(zone *stationtime.Zone, to links.Links, e model.Entry, now time.Time) api.Track {
	shown := trackservice.Shown(e)
	t := api.Track{Id: e.ID, Cover: to.Cover(e), Recording: to.PublicRecordingOf(e, now)}
	trackShape.show(zone, &shown, &t)
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
	e := stored.Unmarked()
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
		Recording:   a.Links.RecordingOf(stored, a.Now()),
	}
	playlogShape.show(a.Zone, &e, &record)
	record.ReceivedAt = a.stamp(e.ReceivedAt)
	if again := e.Told.Again(); again != nil {
		record.ToldAgain = new(stamps(a.Zone, again))
	}
	record.Doubts = doubts(e.Doubts)
	if e.Air != nil {
		record.OnAirFrom, record.OnAirUntil = onAir(a.Zone, *e.Air, a.Now())
	}
	return record
}

func stamps(zone *stationtime.Zone, times []time.Time) []stationtime.Stamp {
	shown := make([]stationtime.Stamp, len(times))
	for i, t := range times {
		shown[i] = zone.Stamp(t)
	}
	return shown
}

func doubts(list model.Doubts) []api.Doubt {
	shown := []api.Doubt{}
	for _, d := range list.List() {
		shown = append(shown, api.Doubt(d))
	}
	return shown
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
	changed := c.Entry()
	for _, f := range model.Fields {
		if f.IsChanged(&c) {
			values[f.Name()] = changedValue(a.Zone, f, &changed)
		}
	}
	return &values
}
