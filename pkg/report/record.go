package report

import (
	"slices"
	"strconv"
	"time"

	"aura.radio/engine/pkg/model"
)

// Part is one of the tables of a report.
type Part string

// The parts, as the API names them.
const (
	PartPlays   Part = "plays"
	PartTitles  Part = "titles" // one row per recording
	PartShows   Part = "shows"
	PartTypes   Part = "types"
	PartSummary Part = "summary" // a single row
	PartHoles   Part = "holes"
)

// record is a row of a part. It is described once for all formats, so the
// formats cannot differ in names, order or meaning.
type record interface {
	write(to cells)
}

// cells takes the cells of a row in order.
type cells interface {
	text(name, value string)
	number(name string, value int64)
	seconds(name string, value time.Duration) // whole milliseconds
	moment(name string, value time.Time)      // zero is unknown
	truth(name string, value bool)
	unknown(name string)
}

// blank returns a record of that part without values, which gives the names;
// nil if there is no such part.
func blank(part Part) record {
	switch part {
	case PartPlays:
		return &Play{}
	case PartTitles:
		return &recording{}
	case PartShows:
		return &showTotal{}
	case PartTypes:
		return &typeTotal{}
	case PartSummary:
		return &summary{}
	case PartHoles:
		return &hole{}
	}
	return nil
}

// firstColumns have their own order. The columns of the other fields follow in
// the order of the table.
var firstColumns = []string{"track_artist", "track_album", "track_title", "track_duration", "track_type", "track_num"}

// playFields are the fields of an entry in a report. The entry's start is not
// among them, because the report has the play's start.
var playFields = func() (fields []*model.Field) {
	for _, f := range model.Fields {
		if f.IsCorrectable() && f.Name() != "track_start" && !f.IsSupplement {
			fields = append(fields, f)
		}
	}
	place := func(f *model.Field) int {
		if i := slices.Index(firstColumns, f.Name()); i >= 0 {
			return i
		}
		return len(firstColumns)
	}
	slices.SortStableFunc(fields, func(a, b *model.Field) int { return place(a) - place(b) })
	return fields
}()

// addedFields are those that reports have had since later versions. They come
// last, so that the columns before keep their places.
var addedFields = []*model.Field{model.FieldOf("media_id"), model.FieldOf("received_at")}

func (p *Play) write(to cells) {
	to.moment("track_start", p.From)
	to.moment("track_end", p.Until)
	to.seconds("seconds", p.Audible())
	p.writeFields(to, playFields)
	to.number("log_source", int64(p.Entry.LogSource))
	p.writeFields(to, addedFields)
	to.truth("estimated", p.Estimated)
}

func (p *Play) writeFields(to cells, fields []*model.Field) {
	for _, f := range fields {
		switch v := f.Of(&p.Entry).(type) {
		case *string:
			to.text(f.Name(), *v)
		case *int:
			if f.Identity { // 0 is also a known value
				to.number(f.Name(), int64(*v))
			} else {
				writeKnown(to, f.Name(), int64(*v))
			}
		case *int64:
			writeKnown(to, f.Name(), *v)
		case *time.Duration:
			writeLength(to, f.Name(), *v)
		case *time.Time:
			to.moment(f.Name(), *v)
		}
	}
}

func (t *showTotal) write(to cells) {
	writeKnown(to, "show_id", t.id)
	to.text("show_name", t.name)
	t.total.write(to)
}

func (t *typeTotal) write(to cells) {
	to.number("track_type", t.number)
	t.total.write(to)
}

func (t *total) write(to cells) {
	to.number("plays", t.plays)
	to.seconds("seconds", t.audible)
}

func writeKnown(to cells, name string, number int64) {
	if number == 0 {
		to.unknown(name)
		return
	}
	to.number(name, number)
}

func writeLength(to cells, name string, length time.Duration) {
	if length <= 0 {
		to.unknown(name)
		return
	}
	to.seconds(name, length)
}

// names collects the names of a record's cells.
type names []string

func (n *names) text(name, _ string)                  { *n = append(*n, name) }
func (n *names) number(name string, _ int64)          { *n = append(*n, name) }
func (n *names) seconds(name string, _ time.Duration) { *n = append(*n, name) }
func (n *names) moment(name string, _ time.Time)      { *n = append(*n, name) }
func (n *names) truth(name string, _ bool)            { *n = append(*n, name) }
func (n *names) unknown(name string)                  { *n = append(*n, name) }

// inSeconds is the number nearest to the duration in seconds. Written out, it
// has no more than three decimals.
func inSeconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

func appendSeconds(buf []byte, d time.Duration) []byte {
	return strconv.AppendFloat(buf, inSeconds(d), 'f', -1, 64)
}
