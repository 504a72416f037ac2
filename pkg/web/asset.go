package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzip"
)

//go:embed assets
var embedded embed.FS

// assetFolder is where assets are served.
const assetFolder = "/assets/"

// asset is a file that pages load. Its name holds the hash of its content.
type asset struct {
	name    string // with the hash: style-1a2b3c4d5e6f.css
	mime    string
	content []byte
	packed  []byte // gzip; nil if that is not smaller
}

func newAsset(name string, content []byte) (*asset, error) {
	sum := sha256.Sum256(content)
	ending := path.Ext(name)
	a := &asset{
		name:    strings.TrimSuffix(name, ending) + "-" + hex.EncodeToString(sum[:6]) + ending,
		mime:    mime.TypeByExtension(ending),
		content: content,
	}
	if a.mime == "" {
		return nil, fmt.Errorf("asset %s has no known type", name)
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	_, _ = z.Write(content) // a bytes.Buffer takes everything
	_ = z.Close()
	if packed.Len() < len(content) {
		a.packed = packed.Bytes()
	}
	return a, nil
}

// imported is how a module names another one.
var imported = regexp.MustCompile(`"\./([a-z-]+\.js)"`)

// elements is the module that other websites load. It holds what it imports, because it
// is one file.
const elements = "aura.js"

// importing is a line that imports.
var importing = regexp.MustCompile(`(?m)^import \{[^}]*\} from "\./([a-z-]+\.js)"\n`)

// readAssets reads the files that the program holds, by their names without hash.
func readAssets() (map[string]*asset, error) {
	assets := map[string]*asset{}
	files, err := fs.ReadDir(embedded, "assets")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if _, err := readAsset(assets, file.Name()); err != nil {
			return nil, err
		}
	}
	return assets, nil
}

// readAsset reads a file, unless that was done. A module names the modules that it
// imports by their names with hash, so these are read first.
func readAsset(assets map[string]*asset, name string) (*asset, error) {
	if a := assets[name]; a != nil {
		return a, nil
	}
	content, err := embedded.ReadFile("assets/" + name)
	if err != nil {
		return nil, err
	}
	if name == elements {
		if content, err = withImports(content); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, found := range imported.FindAllSubmatch(content, -1) {
		other, err := readAsset(assets, string(found[1]))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		content = bytes.ReplaceAll(content, found[0], []byte(`"./`+other.name+`"`))
	}
	a, err := newAsset(name, content)
	assets[name] = a
	return a, err
}

// withImports puts what a module imports in the place of the lines that import it.
func withImports(module []byte) ([]byte, error) {
	for _, found := range importing.FindAllSubmatch(module, -1) {
		other, err := embedded.ReadFile("assets/" + string(found[1]))
		if err != nil {
			return nil, err
		}
		module = bytes.Replace(module, found[0], other, 1)
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
	if a.packed != nil && strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = a.packed
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.Writer.WriteHeader(http.StatusOK)
	_, _ = c.Writer.Write(body) // fails only if the client has gone
}
