package httpserver

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for uiStyle
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzhttp"
	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"

	"aura.radio/engine/pkg/api"
)

// documentation serves the contract and the page for trying it. All of it is
// embedded: it works without the internet. All its addresses are relative to
// the page, whose own address ends with a slash. It is made when somebody first asks
// for it: hardly any process is ever asked.
func (s *Server) documentation(title, service string) error {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.SuffixETag("-gzip"))
	if err != nil {
		return err
	}
	s.Handle(http.MethodGet, documentPath, Public, ready(wrap, func() (document, error) {
		content, err := api.Document(service)
		return document{mime: "application/json", policy: dataPolicy, content: content}, err
	}))

	uiPath := s.base + "/ui"
	ui := sync.OnceValue(func() http.Handler {
		return v5emb.NewWithConfig(swgui.Config{SwaggerJSON: "../openapi.json", BasePath: ".", InternalBasePath: uiPath, AppendHead: uiHead()})(title, "", "")
	})
	start := ready(wrap, func() (document, error) {
		index := page{header: http.Header{}}
		first, err := http.NewRequest(http.MethodGet, uiPath+"/", http.NoBody)
		if err != nil {
			return document{}, err
		}
		ui().ServeHTTP(&index, first)
		return document{mime: "text/html; charset=utf-8", policy: uiPolicy(index.Bytes()), content: index.Bytes()}, nil
	})
	lead := func(c *gin.Context) {
		c.Header("Location", Relative(c.Request, uiPath+"/")) // gin would make it absolute
		c.Status(http.StatusFound)
	}
	s.toDocumentation = lead
	s.Handle(http.MethodGet, s.base, Public, lead)
	s.Handle(http.MethodGet, uiPath, Public, func(c *gin.Context) {
		if Relative(c.Request, uiPath+"/") == "./" {
			start(c)
		} else {
			lead(c)
		}
	})
	s.Handle(http.MethodGet, uiPath+"/*file", Public, func(c *gin.Context) {
		w := &missingWriter{ResponseWriter: c.Writer}
		if ui().ServeHTTP(w, c.Request); w.missing {
			unknownPath(c)
		}
	})
	return nil
}

// uiStyle makes the page readable on a phone, too.
//
//go:embed ui.css
var uiStyle string

// uiHead is what the page's head has in addition. Without a viewport of its own,
// a phone shows the page as wide as on a desk, and tiny.
func uiHead() template.HTML {
	return template.HTML(`<meta name="viewport" content="width=device-width, initial-scale=1">` + "\n<style>" + uiStyle + "</style>")
}

// missingWriter discards the file server's own 404, which is not a problem
// document.
type missingWriter struct {
	gin.ResponseWriter
	missing bool
}

func (w *missingWriter) WriteHeader(status int) {
	if w.missing = status == http.StatusNotFound; !w.missing {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *missingWriter) Write(p []byte) (int, error) {
	if w.missing {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// document is what is served under an address.
type document struct {
	mime, policy string
	content      []byte
}

// ready always serves the same document, with an ETag, and gzipped by wrap if the
// client accepts that. The document is made at the first request.
func ready(wrap func(http.Handler) http.HandlerFunc, prepare func() (document, error)) gin.HandlerFunc {
	handler := sync.OnceValues(func() (http.Handler, error) {
		d, err := prepare()
		if err != nil {
			return nil, fmt.Errorf("prepare documentation: %w", err)
		}
		sum := sha256.Sum256(d.content)
		etag := `"` + hex.EncodeToString(sum[:12]) + `"`
		return wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", etag)
			w.Header().Set("Content-Type", d.mime)
			w.Header().Set("Cache-Control", "no-cache")
			w.Header().Set("Content-Security-Policy", d.policy)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(d.content))
		})), nil
	})
	return func(c *gin.Context) {
		h, err := handler()
		if err != nil {
			fail(c, err)
			return
		}
		h.ServeHTTP(c.Writer, c.Request)
	}
}

var (
	inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
	inlineStyle  = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
)

// uiPolicy allows the page's own scripts and styles, by their hashes, and calls
// to this server.
func uiPolicy(html []byte) string {
	hashes := func(inline *regexp.Regexp) string {
		var b strings.Builder
		for _, m := range inline.FindAllSubmatch(html, -1) {
			sum := sha256.Sum256(m[1])
			fmt.Fprintf(&b, " 'sha256-%s'", base64.StdEncoding.EncodeToString(sum[:]))
		}
		return b.String()
	}
	return "default-src 'none'; script-src 'self'" + hashes(inlineScript) +
		"; style-src 'self'" + hashes(inlineStyle) +
		"; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// page holds the output of a handler.
type page struct {
	bytes.Buffer
	header http.Header
}

func (p *page) Header() http.Header { return p.header }
func (p *page) WriteHeader(int)     {}
