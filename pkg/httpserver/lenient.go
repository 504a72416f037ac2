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
	sent, err := decompressed(c)
	if err != nil {
		return nil, err
	}
	s := skimmer{known: r.members, limit: int(r.maxBody)}
	err = arrived(c, s.read(sent))
	callOf(c).raw = s.raw()
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
	if bytes.TrimLeft(object, " \t\r\n")[0] != '{' {
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

// decompressed is the body without its Content-Encoding. It is bounded before
// and after decompression.
func decompressed(c *gin.Context) (io.Reader, error) {
	if c.Request.ContentLength > maxLenient {
		return nil, &http.MaxBytesError{Limit: maxLenient}
	}
	body := http.MaxBytesReader(c.Writer, c.Request.Body, maxLenient)
	switch strings.ToLower(c.GetHeader("Content-Encoding")) {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
	default:
		return nil, &statusError{http.StatusUnsupportedMediaType, "The body must not be encoded, except by Content-Encoding: gzip"}
	}
	plain, err := gzip.NewReader(body)
	if err != nil {
		return nil, arrived(c, err)
	}
	c.Request.Header.Del("Content-Encoding")
	return http.MaxBytesReader(nil, plain, maxLenient), nil
}

// membersOf are the names of the members that an operation's body has by the
// contract; see spelled.
func membersOf(op *openapi3.Operation) map[string]bool {
	names := map[string]bool{}
	for name := range op.RequestBody.Value.Content.Get("application/json").Schema.Value.Properties {
		names[spelled(name)] = true
	}
	return names
}

// spelled is a name as track_start and trackStart have it in common.
func spelled(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}
