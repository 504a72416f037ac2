package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzip"
)

//go:embed assets
var embedded embed.FS

// assetFolder is where assets are served.
const assetFolder = "/assets/"

// formats are those of the files that pages load, by their endings. Hosts have tables of
// their own, which are long and may differ.
var formats = map[string]struct {
	mime string
	// dense: gzip makes it no smaller.
	dense bool
}{
	".css":  {mime: "text/css; charset=utf-8"},
	".js":   {mime: "text/javascript; charset=utf-8"},
	".svg":  {mime: "image/svg+xml"},
	".png":  {mime: "image/png", dense: true},
	".webp": {mime: "image/webp", dense: true},
	".jpg":  {mime: "image/jpeg", dense: true},
}

// asset is a file that pages load. Its name holds the hash of its content.
type asset struct {
	name    string // with the hash: style-1a2b3c4d5e6f.css
	mime    string
	content []byte
	// packed is the content with gzip; nil if that is not smaller. It is made when
	// somebody first asks for it.
	packed func() []byte
}

func newAsset(name string, content []byte) (*asset, error) {
	ending := path.Ext(name)
	format, ok := formats[ending]
	if !ok {
		return nil, fmt.Errorf("asset %s has no known type", name)
	}
	sum := sha256.Sum256(content)
	return &asset{
		name:    strings.TrimSuffix(name, ending) + "-" + hex.EncodeToString(sum[:6]) + ending,
		mime:    format.mime,
		content: content,
		packed: sync.OnceValue(func() []byte {
			if format.dense {
				return nil
			}
			return pack(content)
		}),
	}, nil
}

// pack compresses content; nil if that makes it no smaller.
func pack(content []byte) []byte {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil // no such level
	}
	_, _ = z.Write(content) // a bytes.Buffer takes everything
	_ = z.Close()
	if packed.Len() >= len(content) {
		return nil
	}
	return packed.Bytes()
}

// elements is the module that other websites load.
const elements = "aura.js"

// importing is a line by which a module imports a part.
var importing = regexp.MustCompile(`(?m)^import \{[^}]*\} from "\./(parts/[a-z-]+\.js)"\n`)

// readAssets reads the files that the program holds, by their names without hash.
func readAssets() (map[string]*asset, error) {
	assets := map[string]*asset{}
	files, err := fs.Glob(embedded, "assets/*.*")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		content, err := embedded.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if content, err = withParts(content); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		name := path.Base(file)
		if assets[name], err = newAsset(name, content); err != nil {
			return nil, err
		}
	}
	return assets, nil
}

// withParts puts the parts that a module imports in the place of the lines that import
// them. So a module is one file: a browser would find out only from the module that it
// needs others, and that is a second wait on a slow line.
func withParts(module []byte) ([]byte, error) {
	for _, found := range importing.FindAllSubmatch(module, -1) {
		part, err := embedded.ReadFile("assets/" + string(found[1]))
		if err != nil {
			return nil, err
		}
		module = bytes.Replace(module, found[0], part, 1)
	}
	return module, nil
}

// serve answers the asset. Browsers never ask for it again: another content has
// another address.
func (a *asset) serve(c *gin.Context) { a.write(c, "public, max-age=31536000, immutable") }

// serveNewest answers the asset at an address that other websites have in their code,
// so that it stays the same: browsers soon ask whether there is a newer one.
func (a *asset) serveNewest(c *gin.Context) {
	const cacheControl = "public, max-age=300"
	etag := `"` + a.name + `"`
	c.Header("ETag", etag)
	if strings.Contains(c.GetHeader("If-None-Match"), etag) { // a proxy that compresses makes it weak
		a.head(c, cacheControl)
		c.Status(http.StatusNotModified)
		return
	}
	a.write(c, cacheControl)
}

// head writes the headers of the asset.
func (a *asset) head(c *gin.Context, cacheControl string) {
	h := c.Writer.Header()
	h.Set("Cache-Control", cacheControl)
	// A logo may be an SVG with scripts and styles of its own.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	h.Set("Vary", "Accept-Encoding")
	// A module that a page of another site embeds is loaded with CORS.
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

func (a *asset) write(c *gin.Context, cacheControl string) {
	a.head(c, cacheControl)
	h := c.Writer.Header()
	h.Set("Content-Type", a.mime)
	body := a.content
	if strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
		if packed := a.packed(); packed != nil {
			h.Set("Content-Encoding", "gzip")
			body = packed
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.Writer.WriteHeader(http.StatusOK)
	_, _ = c.Writer.Write(body) // fails only if the client has gone
}
