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
// the page, whose own address ends with a slash.
func (s *Server) documentation(title, service string) error {
	// Made when it is asked for, because it takes longer than the rest of the server.
	contract := sync.OnceValues(func() (gin.HandlerFunc, error) {
		document, err := api.Document(service)
		if err != nil {
			return nil, err
		}
		return ready("openapi.json", "application/json", document, dataPolicy)
	})
	s.Handle(http.MethodGet, documentPath, Public, func(c *gin.Context) {
		serve, err := contract()
		if err != nil {
			Fail(c, err)
			return
		}
		serve(c)
	})

	uiPath := s.base + "/ui"
	ui := v5emb.NewWithConfig(swgui.Config{SwaggerJSON: "../openapi.json", BasePath: ".", InternalBasePath: uiPath, AppendHead: uiHead()})(title, "", "")
	index := page{header: http.Header{}}
	first, err := http.NewRequest(http.MethodGet, uiPath+"/", nil)
	if err != nil {
		return err
	}
	ui.ServeHTTP(&index, first)
	policy := uiPolicy(index.Bytes())
	start, err := ready("", "text/html; charset=utf-8", index.Bytes(), policy)
	if err != nil {
		return err
	}
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
		if ui.ServeHTTP(w, c.Request); w.missing {
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

// ready always serves the same bytes, with an ETag, and gzipped if the client
// accepts that.
func ready(name, mime string, content []byte, policy string) (gin.HandlerFunc, error) {
	sum := sha256.Sum256(content)
	etag := `"` + hex.EncodeToString(sum[:12]) + `"`
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.SuffixETag("-gzip"))
	if err != nil {
		return nil, err
	}
	h := wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", etag)
		w.Header().Set("Content-Type", mime)
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Content-Security-Policy", policy)
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	}))
	return gin.WrapH(h), nil
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
