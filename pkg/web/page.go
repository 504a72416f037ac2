package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/answercache"
	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// pagePolicy is the content security policy of pages: nothing but this server's own
// files, and the station's covers.
func (s *Site) pagePolicy() string {
	return strings.TrimSpace("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; manifest-src 'self'; " +
		"frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; img-src 'self' " + s.CoverOrigin)
}

// framePolicy is that of pages which other websites show in a frame.
func (s *Site) framePolicy() string {
	policy := "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
	if s.Links.HasCovers() {
		policy += strings.TrimSpace("img-src 'self' "+s.CoverOrigin) + "; "
	}
	return policy + "form-action 'none'; base-uri 'none'; frame-ancestors *"
}

// view is what a page shows: the template, its title, and what the template gets as
// .Body.
type view struct {
	template string
	// title is the page's own, without the station's name; "" on the start page.
	title string
	// description is what other sites show of the page.
	description string
	// status is 200 unless set.
	status int
	// framed: other websites may show it in a frame.
	framed bool
	body   any
}

// page is what templates get.
type page struct {
	catalogue
	site    *Site
	request *http.Request

	Station     string
	Title       string
	Description string
	// Path is the page's own, from the root of the pages.
	Path string
	// SignedIn is the name of who is signed in; "" if nobody is. Pages that everybody
	// may see show no other caller: they are kept for others.
	SignedIn string
	Body     any
}

// page makes a handler of what a page shows.
func (s *Site) page(show func(c *gin.Context, t catalogue) (view, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		t, err := s.catalogue(c)
		if err != nil {
			httpserver.Fail(c, err)
			return
		}
		// A context of its own, because gin reuses its contexts.
		v, err := show(c.Copy(), t)
		if err != nil {
			httpserver.Fail(c, err)
			return
		}
		s.write(c, t, v)
	}
}

// catalogue is that of the language that the address names, otherwise of the
// station's.
func (s *Site) catalogue(c *gin.Context) (catalogue, error) {
	lang, asked := c.GetQuery("lang")
	if !asked {
		lang = s.Config.Language
	}
	t, ok := s.catalogues[lang]
	if !ok {
		return s.catalogues[s.Config.Language], model.Invalid("lang", lang, "must be one of "+strings.Join(languages, ", "))
	}
	return t, nil
}

// write renders a view.
func (s *Site) write(c *gin.Context, t catalogue, v view) {
	p := page{
		catalogue: t, site: s, request: c.Request, Station: s.Station, Title: v.title, Description: v.description,
		Path: c.Request.URL.Path, Body: v.body,
	}
	if ctx := c.Request.Context(); httpserver.SignedIn(ctx) {
		p.SignedIn = httpserver.Caller(ctx).Name
	}
	layout, policy := "layout", s.pagePolicy()
	if v.framed {
		layout, policy = "frame", s.framePolicy()
		c.Writer.Header().Del("X-Frame-Options") // knows no websites
	}
	var b bytes.Buffer
	if err := s.templates[v.template]().ExecuteTemplate(&b, layout, &p); err != nil {
		httpserver.Fail(c, fmt.Errorf("render the page %s: %w", v.template, err))
		return
	}
	if v.status == 0 {
		v.status = http.StatusOK
	}
	c.Header("Content-Security-Policy", policy)
	c.Header("Referrer-Policy", "strict-origin-when-cross-origin")
	c.Data(v.status, "text/html; charset=utf-8", b.Bytes())
}

// problem shows what went wrong.
func (s *Site) problem(c *gin.Context, p api.Problem) {
	t, _ := s.catalogue(c) // of a language that does not exist, the station's
	if p.Status == http.StatusUnauthorized {
		s.write(c, t, s.signInForm(t, p.Status, signIn{Next: wantedBy(c.Request)}))
		return
	}
	title := t.T("problem.other")
	switch {
	case p.Status == http.StatusNotFound:
		title = t.T("problem.none")
	case p.Status < http.StatusInternalServerError:
		title = t.T("problem.refused")
	}
	s.write(c, t, view{template: "problem", title: title, status: p.Status, framed: isFrame(c), body: p})
}

// untilTomorrow has an answer kept until the station's next day, if nothing changes
// it before: it says what is today.
func (s *Site) untilTomorrow(c *gin.Context) {
	_, tomorrow, err := s.Zone.Day(s.today())
	if err == nil {
		answercache.Keep(c, answercache.Policy{Until: tomorrow, MaxAge: time.Second})
	}
}

// today is the station's day.
func (s *Site) today() string { return s.Zone.In(s.Now()).Format(time.DateOnly) }

// Link is the address of a path of the pages, relative to this one, in the language
// of this page. A path may have a query. Templates need no longer look whether the
// address is safe: this server makes all of it.
func (p *page) Link(path string) template.URL { return template.URL(linkFrom(p.request, path)) }

func linkFrom(r *http.Request, path string) string {
	path, query, _ := strings.Cut(path, "?")
	link := httpserver.Relative(r, path)
	if lang, asked := r.URL.Query()["lang"]; asked {
		if query != "" {
			query += "&"
		}
		query += "lang=" + url.QueryEscape(lang[0])
	}
	if query != "" {
		link += "?" + query
	}
	return link
}

// IsAt reports whether this page is at a path of the pages, or below it.
func (p *page) IsAt(path string) bool {
	return p.Path == path || path != "/" && strings.HasPrefix(p.Path, path+"/")
}

// In is the address of this page in another language.
func (p *page) In(lang string) string {
	query := p.request.URL.Query()
	query.Set("lang", lang)
	return "?" + query.Encode()
}

// HasStudio: there are pages for the people of the station.
func (p *page) HasStudio() bool { return p.site.Studio.Operations != nil }

// Languages are those that the page exists in.
func (p *page) Languages() []string { return languages }

// Lang is the page's language.
func (p *page) Lang() string { return p.lang }

// Asset is the address of an asset, relative to this page; "" if there is none.
func (p *page) Asset(name string) string {
	a := p.site.assets[name]
	if a == nil {
		return ""
	}
	return httpserver.Relative(p.request, assetFolder+a.name)
}

// Query is a parameter of the page's address.
func (p *page) Query(name string) string { return p.request.URL.Query().Get(name) }

// Today is the station's day.
func (p *page) Today() string { return p.site.today() }

// Clock is a time as clocks at the station show it: 19:14.
func (p *page) Clock(t time.Time) string { return p.site.Zone.In(t).Format("15:04") }

// Local is a time of the station, for T, Date and Day.
func (p *page) Local(t time.Time) time.Time { return p.site.Zone.In(t) }

// ISO is a time for programs.
func (p *page) ISO(t time.Time) stationtime.Stamp { return p.site.Zone.Stamp(t) }

// With is this page with one item of it, for a part of a template.
func (p *page) With(item any) part { return part{p, item} }

// part is what parts of templates get.
type part struct {
	*page
	Item any
}

// HasCovers: tracks have covers.
func (p *page) HasCovers() bool { return p.site.Links.HasCovers() }

// Cover is the picture of a track. If its cover can't be had, covers.js takes that away,
// and the placeholder behind it is seen.
func (p *page) Cover(t Track) template.HTML {
	behind := placeholder(t.Artist, t.Album, t.Title)
	if t.Cover == "" {
		return behind
	}
	return `<span class="cover">` + behind + p.CoverImage(t) + `</span>`
}

// NoCover is the picture while nothing plays: always the same for a station.
func (p *page) NoCover() template.HTML { return placeholder("", p.Station, "") }

// CoverImage is the cover of a track; "" if it has none.
func (p *page) CoverImage(t Track) template.HTML {
	if t.Cover == "" {
		return ""
	}
	return template.HTML(`<img src="` + template.HTMLEscapeString(t.Cover) + `" alt="" width="64" height="64" loading="lazy" decoding="async" referrerpolicy="no-referrer">`)
}

// Minute is a time for the address of /at: without an offset, so that people can
// read it, unless the station's clocks show that minute twice.
func (p *page) Minute(t time.Time) string {
	const minute = "2006-01-02T15:04:05"
	zone := p.site.Zone
	written := zone.In(t).Format(minute)
	if from, err := zone.From(written); err == nil && from.Equal(t.Truncate(time.Second)) {
		return written
	}
	return url.QueryEscape(zone.In(t).Format(minute + "-07:00"))
}

// DayOf is the station's day of a time, as addresses have it.
func (p *page) DayOf(t time.Time) string { return p.site.Zone.In(t).Format(time.DateOnly) }
