package web

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
)

// readEntries is how many entries are read at once, and mostEntries how many of one
// list at most.
const readEntries, mostEntries = 1000, 5000

// mountCorrecting serves the pages on which people correct what was logged.
func (s *Site) mountCorrecting(server Server, admins httpserver.Access) {
	server.Handle(http.MethodGet, "/correct", admins, s.page(s.find))
	server.Handle(http.MethodGet, "/correct/day/:date", admins, s.page(s.find))
	server.Handle(http.MethodGet, "/correct/entry/:id", admins, s.page(s.showEntry))
	server.Handle(http.MethodPost, "/correct/entry/:id", admins, s.form(s.correctEntry))
	server.Handle(http.MethodGet, "/correct/missed", admins, s.page(s.showMissed))
	server.Handle(http.MethodPost, "/correct/missed", admins, s.form(s.logMissed))
	// A shift of many entries takes longer than other pages.
	server.Handle(http.MethodGet, "/correct/shift", admins, s.page(s.showShift))
	server.Handle(http.MethodPost, "/correct/shift", admins.Streaming(), s.form(s.shiftEntries))
}

// entry is a full record, as the pages show it.
type entry struct{ api.PlaylogEntry }

// Name is the entry in a line: its title, otherwise its show.
func (e entry) Name() string {
	return cmp.Or((Track{Artist: e.TrackArtist, Title: e.TrackTitle}).Name(), e.ShowName)
}

// IsUnheard: nothing of it was heard, as far as the answer says.
func (e entry) IsUnheard() bool { return e.Heard != nil && len(*e.Heard) == 0 }

// Why is why it was not heard, or not wholly.
func (e entry) Why() []string {
	if e.NotHeard == nil {
		return nil
	}
	return *e.NotHeard
}

// has reports whether a text is in what the entry says of its title.
func (e entry) has(words string) bool {
	for _, text := range []string{e.TrackArtist + " " + e.TrackTitle, e.TrackAlbum, e.ShowName} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(words)) {
			return true
		}
	}
	return false
}

// finder is a list of entries of one day, and what was looked for.
type finder struct {
	Date                string
	From, Until, Words  string
	Source              int
	Only                string
	Entries             []entry
	IsCut               bool
	DayBefore, DayAfter string
	Begin               time.Time
	// FirstMoment and LastStart are the ends of the time, for other forms.
	FirstMoment, LastStart string
}

// Kinds are the lists to choose from.
func (finder) Kinds() []string { return findKinds }

var findKinds = []string{"all", "unheard", "void", "doubts", "corrected"}

// find lists entries of a day.
func (s *Site) find(c *gin.Context, t catalogue) (view, error) {
	f := finder{
		Date: cmp.Or(c.Param("date"), c.Query("date"), s.today()), From: c.Query("from"), Until: c.Query("until"),
		Words: strings.TrimSpace(c.Query("q")), Only: cmp.Or(c.Query("only"), findKinds[0]),
	}
	f.Source, _ = strconv.Atoi(c.Query("source"))
	if !slices.Contains(findKinds, f.Only) {
		return view{}, model.Invalid("only", f.Only, "must be one of "+strings.Join(findKinds, ", "))
	}
	from, to, err := s.window(&f)
	if err != nil {
		return view{}, err
	}
	all, isCut, err := s.entriesOf(c, from, to)
	if err != nil {
		return view{}, err
	}
	f.IsCut = isCut
	f.Entries = slices.DeleteFunc(all, func(e entry) bool { return !f.wants(e) })
	return view{template: "correct", title: t.T("correct.title"), body: &f}, nil
}

// ShiftThese is the address of the form that moves the entries of this time.
func (f *finder) ShiftThese() string {
	source := ""
	if f.Source != 0 {
		source = strconv.Itoa(f.Source)
	}
	return "/correct/shift?" + encoded("from", f.FirstMoment, "to", f.LastStart, "source", source)
}

// wants reports whether an entry is among those that are looked for.
func (f *finder) wants(e entry) bool {
	if f.Source != 0 && e.LogSource != f.Source || f.Words != "" && !e.has(f.Words) {
		return false
	}
	switch f.Only {
	case "unheard":
		return e.IsUnheard()
	case "void":
		return e.IsVoid
	case "doubts":
		return len(e.Doubts) > 0
	case "corrected":
		return e.IsCorrected || e.IsManual
	}
	return true
}

// window is the time that a finder is about, both ends included.
func (s *Site) window(f *finder) (from, to time.Time, err error) {
	from, to, err = s.Zone.Day(f.Date)
	if err != nil {
		return from, to, model.Invalid("date", f.Date, err.Error())
	}
	f.Begin = s.Zone.In(from)
	f.DayBefore, f.DayAfter = s.Zone.In(from.Add(-time.Hour)).Format(time.DateOnly), s.Zone.In(to).Format(time.DateOnly)
	to = to.Add(-time.Microsecond)
	if f.From != "" {
		if from, err = s.Zone.From(f.Date + " " + f.From); err != nil {
			return from, to, model.Invalid("from", f.From, err.Error())
		}
	}
	if f.Until != "" {
		if to, err = s.Zone.To(f.Date + " " + f.Until); err != nil {
			return from, to, model.Invalid("until", f.Until, err.Error())
		}
	}
	f.FirstMoment, f.LastStart = s.field(from), s.field(to.Truncate(time.Second))
	return from, to, nil
}

// entriesOf lists the entries of all sources that started between two times, the
// first one first: those that count, and with the reasons those that were not heard.
// isCut: there are more.
func (s *Site) entriesOf(c *gin.Context, from, to time.Time) (_ []entry, isCut bool, _ error) {
	all := map[int64]entry{}
	heard := api.False
	for _, p := range []api.ListPlaylogParams{{Source: new(api.All)}, {Heard: &heard}} {
		p.FromDate, p.ToDate, p.Limit = new(s.Zone.Stamp(from).String()), new(s.Zone.Stamp(to).String()), new(readEntries)
		cut, err := s.eachEntry(c, p, func(e api.PlaylogEntry) { all[e.Id] = entry{e} })
		if err != nil {
			return nil, false, err
		}
		isCut = isCut || cut
	}
	return slices.SortedFunc(maps.Values(all), func(a, b entry) int {
		return cmp.Or(a.TrackStart.Compare(b.TrackStart.Time), cmp.Compare(a.LogSource, b.LogSource), cmp.Compare(a.Id, b.Id))
	}), isCut, nil
}

// eachEntry calls fn for the entries of a list, page by page.
func (s *Site) eachEntry(c *gin.Context, p api.ListPlaylogParams, fn func(api.PlaylogEntry)) (isCut bool, _ error) {
	for range mostEntries / readEntries {
		answer, err := s.Studio.Operations.ListPlaylog(c, api.ListPlaylogRequestObject{Params: p})
		if err != nil {
			return false, err
		}
		list, ok := answer.(api.ListPlaylog200JSONResponse)
		if !ok {
			return false, fmt.Errorf("list entries: %T is not expected", answer)
		}
		for _, e := range list.Body {
			fn(e)
		}
		query, err := url.ParseQuery(olderThan(list.Headers.Link))
		if err != nil {
			return false, fmt.Errorf("list entries: %w", err)
		}
		if !query.Has("after") {
			return false, nil
		}
		p.After = new(query.Get("after"))
	}
	return true, nil
}

// Reason is why an entry was not heard, in words; the number of another entry is left
// to ReasonEntry.
func (p *page) Reason(why string) string {
	text, _ := cutNumber(why)
	return p.T("correct.why." + text)
}

// ReasonEntry is the other entry that a reason names; "" if it names none.
func (p *page) ReasonEntry(why string) string {
	_, number := cutNumber(why)
	return number
}

func cutNumber(why string) (text, number string) {
	at := strings.LastIndexByte(why, ' ')
	if _, err := strconv.ParseInt(why[at+1:], 10, 64); err != nil || at < 0 {
		return why, ""
	}
	return why[:at], why[at+1:]
}

// HasSources: there is more than one source to choose from.
func (p *page) HasSources() bool { return len(p.site.Studio.Sources) > 1 }

// IsListed reports whether a list of the sources that the service knows has what a
// field holds. Otherwise the field is one for numbers.
func (p *page) IsListed(source string) bool {
	return len(p.site.Studio.Sources) > 0 && (source == "" || slices.ContainsFunc(p.SourceNumbers(), func(n int) bool { return strconv.Itoa(n) == source }))
}

// SourceNumbers are those of the sources that the service knows.
func (p *page) SourceNumbers() []int { return slices.Sorted(maps.Keys(p.site.Studio.Sources)) }

// SourceName is a source by its name and number.
func (p *page) SourceName(number int) string {
	return p.Source(p.site.Studio.Sources[number], number)
}
