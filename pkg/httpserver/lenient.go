package httpserver

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api/lenient"
	"aura.radio/engine/pkg/model"
)

// maxLenient is how long the body of a lenient operation may be, in bytes after
// decompression. What is kept of it is bounded by the operation's own limit.
const maxLenient = 8 << 20

// lenientBody reads a body as engines send it: as JSON of whatever type, gzipped
// or not, mended if its meaning is certain. What was mended goes into the
// context, for the handler.
func lenientBody(c *gin.Context, r route) ([]byte, error) {
	sent, came, err := decompressed(c)
	if err != nil {
		callOf(c).raw = *came
		return nil, err
	}
	s := skimmer{known: r.members, limit: int(r.maxBody)}
	err = arrived(c, s.read(sent))
	if callOf(c).raw = s.raw(); came != nil {
		callOf(c).raw = *came
	}
	if err != nil {
		return nil, err
	}
	charset, err := lenientType(c.Request.Header)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(s.kept)) == 0 {
		return nil, model.Invalid("body", "", "is required")
	}
	object, doubts, err := lenient.Read(s.kept, charset)
	if err != nil {
		return nil, model.Invalid("body", "", err.Error())
	}
	if err := checkDepth(object, maxDepth); err != nil {
		return nil, err
	}
	switch first := bytes.TrimLeft(object, " \t\r\n")[0]; {
	case first == '{', first == '[' && r.lists:
	default:
		return nil, model.Invalid("body", "", "must be an object")
	}
	if doubts = append(s.doubts, doubts...); len(doubts) > 0 {
		c.Request = c.Request.WithContext(lenient.WithDoubts(c.Request.Context(), doubts...))
	}
	return object, nil
}

// lenientType is the charset that the header declares. The types are those that
// programs send with JSON, such as the one that curl sends unasked.
func lenientType(h http.Header) (charset string, err error) {
	sent := h.Get("Content-Type")
	if sent == "" {
		return "", nil
	}
	kind, params, err := mime.ParseMediaType(sent)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		kind = ""
	}
	switch kind {
	case "application/json", "text/json", "text/plain", "application/x-www-form-urlencoded":
		return params["charset"], nil
	}
	if strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json") {
		return params["charset"], nil
	}
	return "", &statusError{http.StatusUnsupportedMediaType, "The body must be JSON: Content-Type: application/json"}
}

// beginning keeps the first maxRaw bytes that are written.
type beginning []byte

func (b *beginning) Write(p []byte) (int, error) {
	*b = append(*b, p[:min(len(p), maxRaw-len(*b))]...)
	return len(p), nil
}

// decompressed is the body without its Content-Encoding. It is bounded before
// and after decompression. came gets the body as it came; it is nil if that is
// the same.
func decompressed(c *gin.Context) (plain io.Reader, came *beginning, refused error) {
	came = &beginning{}
	if c.Request.ContentLength > maxLenient {
		return nil, came, &http.MaxBytesError{Limit: maxLenient}
	}
	body := http.MaxBytesReader(c.Writer, c.Request.Body, maxLenient)
	encoding := strings.ToLower(c.GetHeader("Content-Encoding"))
	if encoding == "" || encoding == "identity" {
		return body, nil, nil
	}
	seen := io.TeeReader(body, came)
	switch encoding {
	case "gzip", "x-gzip":
		unpacked, err := gzip.NewReader(seen)
		if err == nil {
			c.Request.Header.Del("Content-Encoding")
			return http.MaxBytesReader(nil, &whole{unpacked, seen}, maxLenient), came, nil
		}
		refused = arrived(c, err)
	default:
		refused = &statusError{http.StatusUnsupportedMediaType, "The body must not be encoded, except by Content-Encoding: gzip"}
	}
	if _, err := io.Copy(io.Discard, seen); err != nil {
		return nil, came, arrived(c, err)
	}
	return nil, came, refused
}

// whole is what a body contains. If that ends or is broken, the rest of the body
// is read too.
type whole struct {
	*gzip.Reader
	body io.Reader
}

func (w *whole) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil {
		if _, late := io.Copy(io.Discard, w.body); late != nil {
			err = late
		}
	}
	return n, err
}

// membersOf are the names of the members that an operation's body has by the
// contract, or that the elements of a list have; see spelled. lists: the body may
// be a list.
func membersOf(op *openapi3.Operation) (names map[string]bool, lists bool) {
	names = map[string]bool{}
	schema := op.RequestBody.Value.Content.Get("application/json").Schema.Value
	for _, ref := range append(openapi3.SchemaRefs{schema.NewRef()}, schema.AnyOf...) {
		for name := range ref.Value.Properties {
			names[spelled(name)] = true
		}
		lists = lists || ref.Value.Type.Is(openapi3.TypeArray)
	}
	return names, lists
}

// spelled is a name as track_start and trackStart have it in common.
func spelled(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}
