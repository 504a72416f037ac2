package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"aura.radio/engine/pkg/api"
)

// field is an input of a form.
type field struct {
	Name, Value string
	// Was is the value before somebody changed it.
	Was string
	// Type is that of the input, or a select.
	Type     string
	IsNeeded bool
}

// IsMoment: a browser's field for times can show it, to the second and without an
// offset. Otherwise it is a field for text, so that nothing is lost.
func (f field) IsMoment() bool {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if _, err := time.Parse(layout, f.Value); err == nil && !strings.Contains(f.Value, ".") {
			return true
		}
	}
	return f.Value == ""
}

// entryFields are the fields of an entry that people correct, in the order of forms.
var entryFields = []field{
	{Name: "track_start", Type: "moment", IsNeeded: true}, {Name: "track_duration", Type: "length"},
	{Name: "track_artist", Type: "text"}, {Name: "track_title", Type: "text"}, {Name: "show_name", Type: "text"},
	{Name: "track_album", Type: "text"}, {Name: "track_composer", Type: "text"}, {Name: "track_label", Type: "text"}, {Name: "track_isrc", Type: "text"},
	{Name: "track_type", Type: "type"}, {Name: "track_num", Type: "number"}, {Name: "show_id", Type: "number"},
	{Name: "timeslot_id", Type: "number"}, {Name: "playlist_id", Type: "number"}, {Name: "media_id", Type: "number"},
}

// wire are fields as requests write them.
func wire(fields []field) (body api.Object) {
	for _, f := range fields {
		value := f.Value
		if f.Type == "length" {
			value = inSeconds(value)
		}
		text, _ := json.Marshal(value) // a text can always be written
		body = append(body, api.Member{Name: f.Name, Value: text})
	}
	return body
}

// inSeconds writes a length such as 3:45 or 1:02:03 in seconds. What is no such
// length stays as it is.
func inSeconds(length string) string {
	parts := strings.Split(length, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return length
	}
	seconds := 0
	for _, part := range parts {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return length
		}
		seconds = 60*seconds + int(n)
	}
	return strconv.Itoa(seconds)
}

// fieldsOf are the fields of an entry with their values.
func (s *Site) fieldsOf(e api.PlaylogEntry) ([]field, error) {
	values, err := valuesOf(e)
	if err != nil {
		return nil, err
	}
	fields := slices.Clone(entryFields)
	for i := range fields {
		fields[i].Value = s.written(fields[i].Name, values[fields[i].Name])
		fields[i].Was = fields[i].Value
	}
	return fields, nil
}

// valuesOf are the values of an answer by their names.
func valuesOf(answer any) (values map[string]any, _ error) {
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("read an answer: %w", err)
	}
	return values, json.Unmarshal(text, &values)
}

// written is a value as the input of a form has it.
func (s *Site) written(name string, value any) string {
	switch v := value.(type) {
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); name == "track_start" && err == nil {
			return s.field(at)
		}
		return v
	case float64:
		if whole := time.Duration(v) * time.Second; name == "track_duration" && v == whole.Seconds() {
			return Length(whole)
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// field is a time as the input of a form has it: as short as browsers write it. It
// has an offset only if the station's clocks show that time twice.
func (s *Site) field(t time.Time) string {
	layout := "2006-01-02T15:04:05.999999"
	if t.Truncate(time.Minute).Equal(t) {
		layout = "2006-01-02T15:04"
	}
	text := s.Zone.In(t).Format(layout)
	if reading, err := s.Zone.Parse(text, t); err == nil && reading.Other.IsZero() {
		return text
	}
	return s.Zone.In(t).Format(layout + "-07:00")
}

// At is a time to the second with its day, such as 2026-11-27 19:14:05.
func (p *page) At(t time.Time) string {
	return p.site.Zone.In(t).Format(time.DateTime)
}

// Value is the value of a field for people; a dash if it is unknown.
func (p *page) Value(name string, value any) string {
	text := p.site.written(name, value)
	return p.Typed(field{Name: name, Value: text})
}

// Typed is what somebody filled in, for people.
func (p *page) Typed(f field) string {
	switch {
	case f.Value == "":
		return "–"
	case f.Name == "track_start":
		return strings.Replace(f.Value, "T", " ", 1)
	case f.Name == "track_type":
		return p.TypeName(f.Value)
	case f.Name == "log_source":
		if number, err := strconv.Atoi(f.Value); err == nil {
			return p.SourceName(number)
		}
	}
	return f.Value
}

// trackTypes are the types of tracks.
var trackTypes = []string{"0", "1", "2", "3"}

// TrackTypes are the types of tracks to choose from.
func (p *page) TrackTypes() []string { return trackTypes }

// TypeName is a type of tracks in words.
func (p *page) TypeName(number string) string {
	if !slices.Contains(trackTypes, number) {
		return number
	}
	return p.T("track.type." + number)
}
