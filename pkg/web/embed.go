package web

import (
	"cmp"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/answercache"
	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/web/views"
)

// embedding is how a website shows what plays. It stands in the address of a frame.
type embedding struct {
	Kind  string // now or last
	Way   string // element or frame
	Theme string // auto, light or dark; an element has that of its page
	// Covers is all, none, or "" if the station has no covers.
	Covers string
	Color  string // as #rrggbb
	Limit  int    // how many tracks are listed
	Delay  float64
}

var (
	kinds  = []string{"now", "last"}
	ways   = []string{"element", "frame"}
	themes = []string{"auto", "light", "dark"}
	covers = []string{"all", "none"}
)

const (
	maxListed = 50
	maxDelay  = 300.0 // as in the contract, in seconds
)

// mountEmbedding serves what other websites show: in a frame, or by a script.
func (s *Site) mountEmbedding(server Server) {
	public := httpserver.Public.Page()
	server.Handle(http.MethodGet, "/embed", public, s.page(s.embed))
	server.Handle(http.MethodGet, "/embed/now", public, s.page(s.frameNow))
	server.Handle(http.MethodGet, "/embed/last", public, s.page(s.frameLast))
	server.Handle(http.MethodGet, "/embed/theme.css", httpserver.Public, s.serveTheme)
	server.Handle(http.MethodGet, "/embed/aura.js", httpserver.Public, s.assets[elements].serveNewest)
}

// embedding reads the options of an address.
func (s *Site) embedding(c *gin.Context) (embedding, error) {
	e := embedding{Kind: c.DefaultQuery("kind", kinds[0]), Way: c.DefaultQuery("way", ways[0]), Theme: c.DefaultQuery("theme", themes[0]), Covers: c.DefaultQuery("covers", covers[0])}
	var wrong []model.FieldError
	refuse := func(name, value, rule string) { wrong = append(wrong, model.NewFieldError(name, value, rule)) }
	for _, choice := range []struct {
		name, value string
		of          []string
	}{{"kind", e.Kind, kinds}, {"way", e.Way, ways}, {"theme", e.Theme, themes}, {"covers", e.Covers, covers}} {
		if !slices.Contains(choice.of, choice.value) {
			refuse(choice.name, choice.value, "must be one of "+strings.Join(choice.of, ", "))
		}
	}
	if !s.Links.HasCovers() {
		e.Covers = ""
	}
	e.Color = s.Config.Color
	if color := strings.TrimPrefix(c.Query("color"), "#"); color != "" {
		if e.Color = "#" + color; !hexColor.MatchString(e.Color) {
			refuse("color", color, "must be a colour such as c2410c")
		}
	}
	var err error
	if e.Limit, err = strconv.Atoi(c.DefaultQuery("limit", "10")); err != nil || e.Limit < 1 || e.Limit > maxListed {
		refuse("limit", c.Query("limit"), fmt.Sprintf("must be a number from 1 to %d", maxListed))
	}
	if e.Delay, err = strconv.ParseFloat(c.DefaultQuery("delay", "0"), 64); err != nil || !(e.Delay >= 0 && e.Delay <= maxDelay) {
		refuse("delay", c.Query("delay"), "must be a number of seconds from 0 to 300")
	}
	if wrong != nil {
		return e, &model.InvalidError{Fields: wrong}
	}
	return e, nil
}

// delay is for operations: what does not differ is left out.
func (e embedding) delay() *float64 {
	if e.Delay == 0 {
		return nil
	}
	return &e.Delay
}

// DelayText is the delay as an attribute has it; "" if there is none.
func (e embedding) DelayText() string {
	if e.Delay == 0 {
		return ""
	}
	return strconv.FormatFloat(e.Delay, 'f', -1, 64)
}

// Look is the query that a frame's style depends on.
func (e embedding) Look() string {
	return url.Values{"theme": {e.Theme}, "color": {strings.TrimPrefix(e.Color, "#")}}.Encode()
}

// Frame is the path of the frame, with its options except the language.
func (e embedding) Frame() string { return "/embed/" + e.Kind + "?" + e.options().Encode() }

func (e embedding) options() url.Values {
	v := url.Values{"theme": {e.Theme}, "color": {strings.TrimPrefix(e.Color, "#")}}
	if e.Kind == "last" {
		v.Set("limit", strconv.Itoa(e.Limit))
	}
	if d := e.DelayText(); d != "" {
		v.Set("delay", d)
	}
	if e.Covers == "none" {
		v.Set("covers", e.Covers)
	}
	return v
}

// framed is what a frame shows.
type framed struct {
	embedding
	Now    *Track // nil if nothing plays
	Tracks []Track
}

// frameNow shows what plays, for a frame of another website. The operation has it kept
// for as long as that is right.
func (s *Site) frameNow(c *gin.Context, t catalogue) (view, error) {
	e, err := s.embedding(c)
	if err != nil {
		return view{}, err
	}
	f := framed{embedding: e}
	f.Now, err = s.current(c, api.GetCurrentTrackParams{Delay: e.delay()})
	return view{template: "framenow", title: t.T("embed.kind.now"), framed: true, body: f}, err
}

// frameLast shows what was played last, for a frame of another website.
func (s *Site) frameLast(c *gin.Context, t catalogue) (view, error) {
	e, err := s.embedding(c)
	if err != nil {
		return view{}, err
	}
	tracks, _, err := s.tracks(c, api.ListTracksParams{Limit: &e.Limit, Delay: e.delay()})
	f := framed{embedding: e}
	for _, track := range tracks {
		f.Tracks = append(f.Tracks, newTrack(track))
	}
	return view{template: "framelast", title: t.T("embed.kind.last"), framed: true, body: f}, err
}

// isFrame reports whether a request is for a frame, also if it goes wrong: browsers
// would show that nothing is there.
func isFrame(c *gin.Context) bool { return strings.HasPrefix(c.Request.URL.Path, "/embed/") }

// serveTheme answers the colours of a frame.
func (s *Site) serveTheme(c *gin.Context) {
	e, err := s.embedding(c)
	if err != nil {
		httpserver.Fail(c, err)
		return
	}
	c.Header("Cache-Control", "public, max-age=86400")
	c.Data(http.StatusOK, "text/css; charset=utf-8", frameStyle(e.Theme, e.Color))
}

// unknownHome stands in code if it is not known where people find the pages. The
// script of the page puts its own address there.
const unknownHome = "https://radio.example/"

// embedPage is where a person picks options, and copies the code.
type embedPage struct {
	embedding
	Code string
	// Home is where the code says that the pages are.
	Home      string
	IsKnown   bool // people find the pages there
	Kinds     []string
	Ways      []string
	Themes    []string
	Choices   []string // of covers
	MaxListed int
	Width     int // of the frame, in pixels
	Height    int
}

// embed shows the page for people who build websites.
func (s *Site) embed(c *gin.Context, t catalogue) (view, error) {
	e, err := s.embedding(c)
	if err != nil {
		return view{}, err
	}
	p := embedPage{
		embedding: e, Home: cmp.Or(s.Config.URL, unknownHome), IsKnown: s.Config.URL != "",
		Kinds: kinds, Ways: ways, Themes: themes, Choices: covers, MaxListed: maxListed,
	}
	p.Home = strings.TrimSuffix(p.Home, "/") + "/"
	frame := s.frame(p, t.lang)
	p.Width, p.Height = frame.Width, frame.Height
	if p.Code = frame.HTML; e.Way == "element" {
		p.Code = e.element(p.Home, t.lang)
	}
	answercache.Keep(c, answercache.Policy{MaxAge: time.Minute})
	return view{template: "embed", title: t.T("embed.title"), description: t.T("embed.lead"), body: p}, nil
}

// frame is the frame that the code of the page has.
func (s *Site) frame(p embedPage, lang string) views.OEmbed {
	options := p.options()
	options.Set("lang", lang)
	frame, _ := views.NewOEmbed(views.Station{Name: s.Station}, views.Home{URL: p.Home}, p.Home+"embed/"+p.Kind+"?"+options.Encode(), 0, 0)
	return frame
}

// element is the code of an element.
func (e embedding) element(home, lang string) string {
	attributes := [][2]string{{"lang", lang}, {"color", e.Color}, {"delay", e.DelayText()}, {"covers", e.Covers}}
	name := "aura-now-playing"
	if e.Kind == "last" {
		name = "aura-trackservice"
		attributes = append(attributes, [2]string{"limit", strconv.Itoa(e.Limit)})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<script type=\"module\" src=\"%sembed/aura.js\"></script>\n<%s", html.EscapeString(home), name)
	for _, a := range attributes {
		if a[1] != "" {
			fmt.Fprintf(&b, ` %s="%s"`, a[0], html.EscapeString(a[1]))
		}
	}
	fmt.Fprintf(&b, "></%s>", name)
	return b.String()
}

// CoverOrigin is where covers come from, for the policy of a website; "" if there are
// none. Covers of this service come from where the element does.
func (p *page) CoverOrigin() string {
	if !p.HasCovers() || p.site.CoverOrigin != "" {
		return p.site.CoverOrigin
	}
	return p.Body.(embedPage).Home
}

// OEmbed is where editors learn how to show a page in a frame; "" if it is not known
// where people find the pages: the address must be absolute.
func (p *page) OEmbed() string {
	if p.site.Config.URL == "" {
		return ""
	}
	home := strings.TrimSuffix(p.site.Config.URL, "/")
	address := home + p.Path
	if p.request.URL.RawQuery != "" {
		address += "?" + p.request.URL.RawQuery
	}
	return home + "/oembed?" + url.Values{"format": {"json"}, "url": {address}}.Encode()
}
