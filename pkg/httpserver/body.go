package httpserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/model"
)

const (
	// maxBody is how long the body of an operation may be, in bytes, unless its
	// x-max-body says otherwise.
	maxBody = 64 << 10
	// maxDepth is how deep JSON may be nested. It is far more than anybody
	// needs, and far less than the depth at which our own answers could no
	// longer wrap it.
	maxDepth = 100
	// wrapping is how much deeper a batch may be: its records were bodies of
	// their own before it wrapped them.
	wrapping = 10
)

// body reads the request's body and checks it before the contract does: its
// length, its type, and that it is UTF-8 and JSON. Of a page's form it checks only
// the length.
func (s *Server) body(c *gin.Context) {
	r := callOf(c).route
	read := strictBody
	switch {
	case r.contract == nil && r.served:
		read = wholeBody
	case r.contract == nil || r.contract.Operation.RequestBody == nil:
		c.Next()
		return
	case r.lenient:
		read = lenientBody
	}
	data, err := read(c, r)
	if err != nil {
		fail(c, err)
		return
	}
	if r.contract != nil {
		c.Request.Header.Set("Content-Type", "application/json")
	}
	setBody(c.Request, data)
	c.Next()
}

// wholeBody is the body as it was sent.
func wholeBody(c *gin.Context, r route) ([]byte, error) {
	data, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, r.maxBody))
	return data, arrived(c, err)
}

// strictBody refuses what is not clean JSON. A body of blanks only counts as
// none.
func strictBody(c *gin.Context, r route) ([]byte, error) {
	data, err := wholeBody(c, r)
	if err != nil {
		return nil, err
	}
	if data = bytes.TrimSpace(data); len(data) == 0 {
		return nil, nil
	}
	if err := checkType(c.Request.Header); err != nil {
		return nil, err
	}
	deepest := maxDepth
	if len(r.batches) > 0 {
		deepest += wrapping
	}
	return data, checkJSON(data, deepest)
}

// setBody replaces the body of a request.
func setBody(r *http.Request, data []byte) {
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	r.Body, _ = r.GetBody() // it never fails
	r.ContentLength = int64(len(data))
}

// arrived judges how reading a body ended. It takes no longer than bodyTimeout,
// which the edge enforces.
func arrived(c *gin.Context, err error) error {
	switch tooLong := new(http.MaxBytesError); {
	case err == nil:
		// Only now: net/http tries again to read a body that did not arrive.
		_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Time{}) // tests have no connection
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &statusError{http.StatusRequestTimeout, fmt.Sprintf("The body did not arrive within %v.", bodyTimeout)}
	case errors.As(err, &tooLong):
		return err
	}
	return model.Invalid("body", "", "must arrive completely: "+err.Error())
}

// checkType takes a missing type as JSON, because some engines send none.
func checkType(h http.Header) error {
	sent := h.Get("Content-Type")
	kind, params, err := mime.ParseMediaType(sent)
	switch charset := strings.ToLower(params["charset"]); {
	case h.Get("Content-Encoding") != "" && !strings.EqualFold(h.Get("Content-Encoding"), "identity"):
		return &statusError{http.StatusUnsupportedMediaType, "The body must not be encoded; leave Content-Encoding out."}
	case sent == "":
		return nil
	case err != nil, kind != "application/json":
	case charset == "", charset == "utf-8", charset == "utf8", charset == "us-ascii":
		return nil
	}
	return &statusError{http.StatusUnsupportedMediaType, "The body must be JSON in UTF-8: Content-Type: application/json"}
}

// checkJSON refuses JSON that a decoder would repair silently or could choke
// on.
func checkJSON(data []byte, deepest int) error {
	if at := invalidUTF8(data); at >= 0 {
		return model.Invalid(fieldAt(data, at), "", fmt.Sprintf("must be UTF-8; byte %d of the body is not", at))
	}
	if err := checkDepth(data, deepest); err != nil {
		return err
	}
	if json.Valid(data) {
		return nil
	}
	var raw json.RawMessage
	err := json.Unmarshal(data, &raw)
	rule := fmt.Sprintf("must be JSON: %v", err)
	if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
		rule += fmt.Sprintf(" at byte %d", syntax.Offset)
	}
	return model.Invalid("body", "", rule)
}

func checkDepth(data []byte, deepest int) error {
	if depth(data) > deepest {
		return model.Invalid("body", "", fmt.Sprintf("must not be nested more than %d deep", deepest))
	}
	return nil
}

// invalidUTF8 is the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for at := 0; ; {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
}

// fieldAt is the member of the object in data that contains the byte at an
// offset; "body" if there is none.
func fieldAt(data []byte, at int) string {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return "body"
	}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.InputOffset() > int64(at) || d.Decode(&value) != nil {
			break
		}
		if d.InputOffset() > int64(at) {
			return fmt.Sprint(name)
		}
	}
	return "body"
}

// depth is how deep brackets are nested in data, outside of texts. data need
// not be JSON yet: the decoder reads it only if it is shallow enough.
func depth(data []byte) int {
	deepest, now, text := 0, 0, false
	for i := 0; i < len(data); i++ {
		switch b := data[i]; {
		case text && b == '\\':
			i++
		case b == '"':
			text = !text
		case text:
		case b == '{', b == '[':
			now++
			deepest = max(deepest, now)
		case b == '}', b == ']':
			now--
		}
	}
	return deepest
}
