package web

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/links"
	"aura.radio/engine/pkg/stationtime"
)

// Operations are those of the contract that pages show; api.StrictServerInterface
// has them.
type Operations interface {
	ListTracks(ctx context.Context, r api.ListTracksRequestObject) (api.ListTracksResponseObject, error)
	ListTracksOfDay(ctx context.Context, r api.ListTracksOfDayRequestObject) (api.ListTracksOfDayResponseObject, error)
	GetTrack(ctx context.Context, r api.GetTrackRequestObject) (api.GetTrackResponseObject, error)
	GetCurrentTrack(ctx context.Context, r api.GetCurrentTrackRequestObject) (api.GetCurrentTrackResponseObject, error)
	ListTitles(ctx context.Context, r api.ListTitlesRequestObject) (api.ListTitlesResponseObject, error)
	GetTitle(ctx context.Context, r api.GetTitleRequestObject) (api.GetTitleResponseObject, error)
	ListTopTitles(ctx context.Context, r api.ListTopTitlesRequestObject) (api.ListTopTitlesResponseObject, error)
}

// Options are what a service gives its pages.
type Options struct {
	Config Config
	// Station is what people call the station, and Zone its time zone.
	Station    string
	Zone       *stationtime.Zone
	Operations Operations
	// Links are where recordings are, and CoverOrigin the other site that covers come
	// from; "" if there is none.
	Links       links.Links
	CoverOrigin string
	Studio      Studio
	Now         func() time.Time
	Log         zerolog.Logger
}

// Site is all pages of a service.
type Site struct {
	Options
	templates  map[string]func() *template.Template
	catalogues map[string]catalogue
	assets     map[string]*asset
	live       *statusLive
}

//go:embed templates/*.html
var templateFiles embed.FS

// New prepares the pages. Error: the logo can't be read.
func New(o Options) (*Site, error) {
	s := &Site{Options: o, templates: map[string]func() *template.Template{}}
	s.live = newStatusLive(s)
	var err error
	if s.catalogues, err = readCatalogues(); err != nil {
		return nil, err
	}
	if s.assets, err = readAssets(); err != nil {
		return nil, err
	}
	if s.assets["station.css"], err = newAsset("station.css", stationStyle(o.Config.Color)); err != nil {
		return nil, err
	}
	logo, err := o.Config.logo()
	if err != nil {
		return nil, fmt.Errorf("read the logo: %w", err)
	}
	if logo != nil {
		s.assets["logo"] = logo
	}
	return s, s.readTemplates()
}

// readTemplates reads the templates. Those that begin with _ are parts of pages, and
// each other file is a page in the frame of _layout.html. A page is made when somebody
// first asks for it, because each has a copy of all parts, and most processes show a
// few pages only.
func (s *Site) readTemplates() error {
	parts, err := template.New("").Funcs(functions).ParseFS(templateFiles, "templates/_*.html")
	if err != nil {
		return err
	}
	files, err := fs.Glob(templateFiles, "templates/[a-z]*.html")
	if err != nil {
		return err
	}
	for _, file := range files {
		s.templates[strings.TrimSuffix(path.Base(file), ".html")] = sync.OnceValue(func() *template.Template {
			return template.Must(template.Must(parts.Clone()).ParseFS(templateFiles, file))
		})
	}
	return nil
}

// functions are what templates may call, in addition to the methods of a page.
var functions = template.FuncMap{"length": Length, "placeholder": placeholder}

// Server is where the pages are served; *httpserver.Server implements it.
type Server interface {
	Handle(method, path string, who httpserver.Access, h gin.HandlerFunc)
	ShowProblems(show func(c *gin.Context, p api.Problem))
}

// Mount serves the pages.
func (s *Site) Mount(server Server) {
	public := httpserver.Public.Page()
	server.Handle(http.MethodGet, "/", public, s.page(s.home))
	server.Handle(http.MethodGet, "/day", public, s.chooseDay)
	server.Handle(http.MethodGet, "/day/:date", public, s.page(s.day))
	server.Handle(http.MethodGet, "/at", public, s.page(s.at))
	server.Handle(http.MethodGet, "/clock", public, s.page(s.clock))
	server.Handle(http.MethodGet, "/search", public, s.page(s.search))
	server.Handle(http.MethodGet, "/title/:id", public, s.page(s.title))
	server.Handle(http.MethodGet, "/top", public, s.page(s.top))
	server.Handle(http.MethodGet, assetFolder+":name", httpserver.Public, s.serveAsset)
	s.mountEmbedding(server)
	server.ShowProblems(s.problem)
	if s.Studio.Operations != nil {
		s.mountStudio(server)
	}
}

// Run keeps the pages live that people follow, until ctx ends. Call it once.
func (s *Site) Run(ctx context.Context) error { return s.live.follow(ctx) }

// serveAsset answers an asset by its name with hash. Of an older one, which a page
// that is open since before an update may still ask for, the present one is as good.
func (s *Site) serveAsset(c *gin.Context) {
	wanted := c.Param("name")
	for _, a := range s.assets {
		if a.name == wanted {
			a.serve(c)
			return
		}
	}
	httpserver.NotFound(c)
}
