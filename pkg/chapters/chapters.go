package chapters

import (
	"slices"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/trackservice"
)

// shortest is how long a chapter lasts at least: what was heard for less is no play.
const shortest = time.Second

// Chapter is one title of a recording.
type Chapter struct {
	// Start and End count from the beginning of the recording.
	Start, End time.Duration
	// Artist is empty if nothing names one. Title is then the show's name, unless
	// it is empty too: such a play is no chapter.
	Artist, Title string
	// Cover is the address of its cover; "" if there is none.
	Cover string
	show  string
}

// name is how people write a title.
func (c Chapter) name() string {
	if c.Artist == "" || c.Title == "" {
		return c.Artist + c.Title
	}
	return c.Artist + " – " + c.Title
}

// Chapters are those of what was heard, which is in the order of its times. cover is
// the address of an entry's cover.
func (r Recording) Chapters(plays []report.Play, cover func(model.Entry) string) []Chapter {
	var list []Chapter
	for i, p := range plays {
		from, until := r.within(plays, i)
		shown := trackservice.Shown(p.Entry)
		c := Chapter{
			Start: from.Sub(r.From), End: until.Sub(r.From),
			Artist: line(shown.Artist), Title: line(shown.Title), Cover: cover(p.Entry), show: line(shown.ShowName),
		}
		if c.End-c.Start >= shortest && c.name() != "" {
			list = append(list, c)
		}
	}
	return list
}

// line is a text that fits a line of any format.
func line(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || r == 0x85 }), " ")
}

// Sheet is what is written about a recording.
type Sheet struct {
	Station  string
	Chapters []Chapter
}

// show is the show of all chapters; "" if there are several, or none.
func (s Sheet) show() string {
	if len(s.Chapters) == 0 || slices.ContainsFunc(s.Chapters, func(c Chapter) bool { return c.show != s.Chapters[0].show }) {
		return ""
	}
	return s.Chapters[0].show
}
