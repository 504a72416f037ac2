package httpserver

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/model"
)

// arrivalHeader says when a body came that is sent again; see Arrival.
const arrivalHeader = "X-Arrival"

// Arrival is when the body of the request that ctx belongs to came for the first
// time, if an admin sends it again. Only operations that engines call have it.
func Arrival(ctx context.Context) (at time.Time, again bool) {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c.arrival, !c.arrival.IsZero()
	}
	return time.Time{}, false
}

// Refuse tells that a part of the body of the request that ctx belongs to was
// refused, such as an entry of a list. It is JSON in UTF-8.
func Refuse(ctx context.Context, part []byte, err error) {
	if c, ok := ctx.Value(callKey{}).(*call); ok && c.refuse != nil {
		c.refuse(model.Refusal{ContentType: "application/json", Body: part}, err)
	}
}

// refusals hands over what engines send and nobody understands. What is sent
// again is kept already.
func (s *Server) refusals(c *gin.Context) {
	this := callOf(c)
	if !this.route.lenient {
		c.Next()
		return
	}
	if sent := c.GetHeader(arrivalHeader); sent != "" {
		if err := this.sentAgain(sent); err != nil {
			fail(c, err)
			return
		}
	} else if s.refused != nil {
		this.refuse = s.refusing(c)
	}
	c.Next()
	if len(c.Errors) == 0 || this.refuse == nil || len(bytes.TrimSpace(this.raw)) == 0 {
		return
	}
	err := c.Errors.Last().Err
	switch ProblemOf(err).Status {
	case http.StatusBadRequest, http.StatusRequestTimeout, http.StatusUnsupportedMediaType:
		this.refuse(model.Refusal{
			ContentType: this.contentType, ContentEncoding: this.contentEncoding, Body: this.raw, Cut: len(this.raw) == maxRaw,
		}, err)
	}
}

// sentAgain reads the header of an admin who sends a body again.
func (c *call) sentAgain(sent string) error {
	if c.caller.Role != RoleAdmin {
		return &statusError{http.StatusForbidden, arrivalHeader + " is only for callers of the role admin."}
	}
	at, err := time.Parse(time.RFC3339Nano, sent)
	if err != nil || at.IsZero() || !at.Equal(model.Within(at)) {
		return model.Invalid(arrivalHeader+" (header)", sent, "must be when the body came, such as 2020-06-27T17:14:00.123456Z")
	}
	c.arrival = at
	return nil
}

// refusing completes what is refused by what is known about the request.
func (s *Server) refusing(c *gin.Context) func(r model.Refusal, err error) {
	this, arrival := callOf(c), time.Now().UTC().Truncate(time.Microsecond)
	ctx := context.WithoutCancel(c.Request.Context()) // the client may have gone
	h := c.Request.Header
	this.contentType, this.contentEncoding = h.Get("Content-Type"), h.Get("Content-Encoding")
	addr, _ := s.cfg.TrustedProxies.client(c.Request)
	method, path := c.Request.Method, c.Request.URL.Path
	return func(r model.Refusal, err error) {
		p := ProblemOf(err)
		r.Arrival, r.Address, r.Caller, r.Method, r.Path = arrival, addr.String(), this.caller.Name, method, path
		r.Kind, r.Status, r.Reason = this.route.contract.Operation.Tags[0], p.Status, *p.Detail
		s.refused(ctx, r)
	}
}
