package report

import (
	"strconv"
	"time"
)

// Part is one of the tables that make up a report.
type Part string

// The parts, as the API names them.
const (
	PartPlays  Part = "plays"
	PartTitles Part = "titles"
	PartShows  Part = "shows"
	PartTypes  Part = "types"
)

// record is a row of a part. It is described once for all formats, so they
// cannot differ in names, order or meaning.
type record interface {
	write(to cells)
}

// cells takes the cells of a row in order.
type cells interface {
	text(name, value string)
	number(name string, value int64)
	seconds(name string, value time.Duration) // whole milliseconds
	moment(name string, value time.Time)
	unknown(name string)
}

// blank is a record of that part without values, for its names; nil where there
// is no such part.
func blank(part Part) record {
	switch part {
	case PartPlays:
		return Play{}
	case PartTitles:
		return &titleTotal{}
	case PartShows:
		return &showTotal{}
	case PartTypes:
		return &typeTotal{}
	}
	return nil
}

func (p Play) write(to cells) {
	e := p.Entry
	to.moment("track_start", p.From)
	to.moment("track_end", p.Until)
	to.seconds("seconds", p.Audible())
	to.text("track_artist", e.Artist)
	to.text("track_album", e.Album)
	to.text("track_title", e.Title)
	if e.Duration > 0 {
		to.seconds("track_duration", e.Duration)
	} else {
		to.unknown("track_duration")
	}
	to.number("track_type", int64(e.TrackType))
	to.number("track_num", int64(e.TrackNum))
	writeID(to, "playlist_id", e.PlaylistID)
	writeID(to, "timeslot_id", e.TimeslotID)
	writeID(to, "show_id", e.ShowID)
	to.text("show_name", e.ShowName)
	to.text("track_composer", e.Composer)
	to.text("track_label", e.Label)
	to.text("track_isrc", e.ISRC)
	to.number("log_source", int64(e.LogSource))
}

func (t *titleTotal) write(to cells) {
	to.text("track_artist", t.artist)
	to.text("track_title", t.title)
	t.total.write(to)
}

func (t *showTotal) write(to cells) {
	writeID(to, "show_id", t.id)
	to.text("show_name", t.name)
	t.total.write(to)
}

func (t *typeTotal) write(to cells) {
	to.number("track_type", int64(t.number))
	t.total.write(to)
}

func (t *total) write(to cells) {
	to.number("plays", t.plays)
	to.seconds("seconds", t.audible)
}

func writeID(to cells, name string, id int64) {
	if id == 0 {
		to.unknown(name)
		return
	}
	to.number(name, id)
}

// names collects the names of a record's cells.
type names []string

func (n *names) text(name, _ string)                  { *n = append(*n, name) }
func (n *names) number(name string, _ int64)          { *n = append(*n, name) }
func (n *names) seconds(name string, _ time.Duration) { *n = append(*n, name) }
func (n *names) moment(name string, _ time.Time)      { *n = append(*n, name) }
func (n *names) unknown(name string)                  { *n = append(*n, name) }

// inSeconds is the number nearest to the duration in seconds; written out, it
// has no more than three decimals.
func inSeconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

func appendSeconds(buf []byte, d time.Duration) []byte {
	return strconv.AppendFloat(buf, inSeconds(d), 'f', -1, 64)
}
