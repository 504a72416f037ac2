package httpserver

import (
	"context"
	"crypto/rand"
	"regexp"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/model"
)

// Identity identifies a caller. The zero Identity is an anonymous caller.
type Identity struct {
	Name string // the token's or certificate's name; "local" for the host itself
	Role Role
}

// call is what the middleware knows about one request.
type call struct {
	id     string
	caller Identity
	// known: the caller showed a token, a certificate or a session.
	known bool
	// signedIn: the caller is known by a session.
	signedIn bool
	route    route
	// raw is the body of a lenient operation as it came, at most 1 MiB of it.
	raw []byte
	// contentType and contentEncoding are those of raw, as they were sent.
	contentType, contentEncoding string
	// arrival is when the body came, if it is sent again; see Arrival.
	arrival time.Time
	// refuse tells what was refused of the body; nil if nobody wants to know.
	refuse func(r model.Refusal, err error)
	// limited: the address has made too many requests.
	limited bool
	// refused is the status of a failure that was answered as an empty stream.
	refused int
}

type callKey struct{}

// Caller is the caller of the request that ctx belongs to.
func Caller(ctx context.Context) Identity {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c.caller
	}
	return Identity{}
}

// SignedIn reports whether the caller of the request that ctx belongs to is known by
// a session, which SignOut ends.
func SignedIn(ctx context.Context) bool {
	c, ok := ctx.Value(callKey{}).(*call)
	return ok && c.signedIn
}

// RequestID is the request's id in the log, "" outside of requests.
func RequestID(ctx context.Context) string {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c.id
	}
	return ""
}

// callOf is never nil after begin.
func callOf(c *gin.Context) *call {
	return c.Request.Context().Value(callKey{}).(*call)
}

const requestIDHeader = "X-Request-Id"

// saneID matches the ids that a proxy or client may choose, because ids are
// written to logs.
var saneID = regexp.MustCompile(`^[0-9A-Za-z._:+/=-]{1,64}$`)

// begin gives the request its id and looks its route up.
func (s *Server) begin(c *gin.Context) {
	this := &call{
		id:      c.GetHeader(requestIDHeader),
		route:   s.routes[routeKey{c.Request.Method, c.FullPath()}],
		limited: c.Request.Context().Value(limitedKey{}) != nil,
	}
	if !saneID.MatchString(this.id) {
		this.id = rand.Text()
	}
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), callKey{}, this))
	c.Header(requestIDHeader, this.id)
	c.Next()
}
