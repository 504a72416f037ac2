package views

import (
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
)

// OEmbed is how a website shows a page of this service (oembed.com): in a frame.
type OEmbed struct {
	Version      string `json:"version"`
	Type         string `json:"type"`
	Title        string `json:"title"`
	ProviderName string `json:"provider_name"`
	ProviderURL  string `json:"provider_url"`
	CacheAge     int    `json:"cache_age"` // in seconds
	HTML         string `json:"html"`
	Width        int    `json:"width"`
	Height       int    `json:"height"`
}

// oEmbedAge is for how long websites may keep an answer, in seconds: a frame is
// always the same.
const oEmbedAge = 86400

// frame is a page that is made for frames, with the size that it needs, in pixels.
type frame struct {
	path          string
	width, height int
}

// frames are those that exist. The start page is shown by the first one.
var frames = []frame{{"embed/now", 480, 150}, {"embed/last", 480, 420}}

// frameOptions are the parameters of frames; others are left out.
var frameOptions = []string{"limit", "theme", "color", "lang", "delay", "covers"}

// Home is where the pages of a service begin: at URL, otherwise at the root of Host.
type Home struct{ URL, Host string }

// find splits the address of a page that can be embedded into where the pages begin,
// the frame that shows it, and the frame's options. ok: there is such a page here.
func (h Home) find(address string) (base url.URL, f frame, options url.Values, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Host == "" {
		return base, f, nil, false
	}
	at := *u
	at.RawQuery, at.Fragment, at.RawPath = "", "", ""
	f = frames[0]
	for _, other := range frames {
		if folder, found := strings.CutSuffix(at.Path, "/"+other.path); found {
			f, at.Path = other, folder
			break
		}
	}
	at.Path = strings.TrimSuffix(at.Path, "/") + "/"
	options = u.Query()
	for name := range options {
		if !slices.Contains(frameOptions, name) {
			options.Del(name)
		}
	}
	return at, f, options, h.has(at)
}

// has reports whether the pages are there.
func (h Home) has(at url.URL) bool {
	if h.URL == "" {
		return strings.EqualFold(at.Host, h.Host) && at.Path == "/"
	}
	home, err := url.Parse(h.URL)
	return err == nil && strings.EqualFold(at.Host, home.Host) && at.Path == strings.TrimSuffix(home.Path, "/")+"/"
}

// NewOEmbed is the frame for the address of a page, within a width and a height; 0 is
// no bound. ok: there is such a page here.
func NewOEmbed(s Station, home Home, address string, maxWidth, maxHeight int) (_ OEmbed, ok bool) {
	base, f, options, ok := home.find(address)
	if !ok {
		return OEmbed{}, false
	}
	source := base
	source.Path += f.path
	source.RawQuery = options.Encode()
	v := OEmbed{
		Version: "1.0", Type: "rich", Title: s.Name, ProviderName: s.Name, ProviderURL: base.String(), CacheAge: oEmbedAge,
		Width: within(f.width, maxWidth), Height: within(f.height, maxHeight),
	}
	v.HTML = fmt.Sprintf(`<iframe src="%s" title="%s" width="%d" height="%d" loading="lazy" frameborder="0"></iframe>`,
		html.EscapeString(source.String()), html.EscapeString(s.Name), v.Width, v.Height)
	return v, true
}

func within(size, bound int) int {
	if bound > 0 {
		return min(size, bound)
	}
	return size
}
