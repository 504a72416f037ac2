package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"aura.radio/engine/pkg/stationtime"
)

// WriteJSON writes the whole report except the holes as one JSON object, one play
// per line. Totals and the summary come last, because they are known last. Times
// carry the offset of the station.
func WriteJSON(ctx context.Context, w io.Writer, r Report) error {
	j := jsonWriter{w: w, zone: r.Period.Zone}
	return failed(j.report(ctx, &r))
}

// WriteHolesJSON writes the holes as a JSON array, one hole per line.
func WriteHolesJSON(ctx context.Context, w io.Writer, r Report) error {
	j := jsonWriter{w: w, zone: r.Period.Zone}
	j.raw("[")
	if err := r.each(ctx, PartHoles, j.element); err != nil {
		return failed(err)
	}
	j.raw("\n]\n")
	return failed(j.flush())
}

// jsonWriter writes records as JSON objects. It does not use reflection, which
// would cost more than the rest of the report.
type jsonWriter struct {
	w    io.Writer
	zone *stationtime.Zone
	buf  []byte
}

func (j *jsonWriter) report(ctx context.Context, r *Report) error {
	j.raw("{")
	if month := r.Period.month(); month != "" {
		j.text("month", month)
	}
	j.text("period", r.Period.Name)
	first, last := r.Period.days()
	j.text("from", first)
	j.text("to", last)
	j.text("time_zone", r.Period.Zone.Name())
	j.raw(`,"plays":[`)
	t, err := r.tally(ctx, func(p *Play) error { return j.element(p) })
	if err != nil {
		return err
	}
	return errors.Join(j.totals(t), t.close())
}

// totals writes what is known last, and ends the report.
func (j *jsonWriter) totals(t *totals) error {
	j.raw("\n],\"totals\":{")
	t.summary.all.write(j)
	for _, part := range []Part{PartTitles, PartShows, PartTypes} {
		j.raw(",\n\"" + string(part) + `":[`)
		if err := t.each(part, j.element); err != nil {
			return err
		}
		j.raw("\n]")
	}
	j.raw("},\n\"summary\":{")
	t.summary.write(j)
	j.raw("}}\n")
	return j.flush()
}

// jsonChunk is how many bytes are written at once, more or less.
const jsonChunk = 32 * 1024

func (j *jsonWriter) flush() error {
	_, err := j.w.Write(j.buf)
	j.buf = j.buf[:0]
	return err
}

func (j *jsonWriter) raw(s string) { j.buf = append(j.buf, s...) }

// comma separates the next value from the one before it.
func (j *jsonWriter) comma() {
	// What was flushed always ends with a complete element.
	if n := len(j.buf); n == 0 || j.buf[n-1] != '{' && j.buf[n-1] != '[' {
		j.raw(",")
	}
}

// element adds an object, on a line of its own, to an array.
func (j *jsonWriter) element(r record) error {
	j.comma()
	j.raw("\n{")
	r.write(j)
	j.raw("}")
	if len(j.buf) < jsonChunk {
		return nil
	}
	return j.flush()
}

// name begins a field of an object; names need no escaping.
func (j *jsonWriter) name(name string) {
	j.comma()
	j.raw(`"`)
	j.raw(name)
	j.raw(`":`)
}

func (j *jsonWriter) text(name, value string) {
	j.name(name)
	j.buf = appendQuoted(j.buf, value)
}

func (j *jsonWriter) number(name string, value int64) {
	j.name(name)
	j.buf = strconv.AppendInt(j.buf, value, 10)
}

func (j *jsonWriter) seconds(name string, value time.Duration) {
	j.name(name)
	j.buf = appendSeconds(j.buf, value)
}

func (j *jsonWriter) moment(name string, value time.Time) {
	if value.IsZero() {
		j.unknown(name)
		return
	}
	j.name(name)
	j.raw(`"`)
	j.buf = j.zone.Stamp(value).Append(j.buf)
	j.raw(`"`)
}

func (j *jsonWriter) truth(name string, value bool) {
	j.name(name)
	j.buf = strconv.AppendBool(j.buf, value)
}

func (j *jsonWriter) unknown(name string) {
	j.name(name)
	j.raw("null")
}

// appendQuoted writes s as a JSON string; bytes that are no UTF-8 become the
// replacement character.
func appendQuoted(buf []byte, s string) []byte {
	buf = append(buf, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			buf = append(buf, '\\', byte(r))
		case r < ' ':
			buf = fmt.Appendf(buf, `\u%04x`, r)
		default:
			buf = utf8.AppendRune(buf, r)
		}
	}
	return append(buf, '"')
}
