package httpserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
)

// statusError is a failure with its own status. Its text is shown to the
// client.
type statusError struct {
	status int
	detail string
}

func (e *statusError) Error() string { return e.detail }

// statusClientGone is nginx's status for a request whose client went away. Only
// the log and the metrics see it.
const statusClientGone = 499

// Fail ends a request with an error, which problems renders.
func Fail(c *gin.Context, err error) { fail(c, err) }

func fail(c *gin.Context, err error) {
	_ = c.Error(err)
	c.Abort()
}

// ShowProblems has problems shown to people as a page. show writes it, with the
// problem's status.
func (s *Server) ShowProblems(show func(c *gin.Context, p api.Problem)) { s.showProblem = show }

// isPage reports whether a person waits for an answer in a browser.
func (s *Server) isPage(c *gin.Context) bool {
	if s.showProblem == nil {
		return false
	}
	asksForPage := c.FullPath() == "" && strings.HasPrefix(c.GetHeader("Accept"), "text/html")
	return callOf(c).route.page || asksForPage
}

// unreadable is the error of a request that could not be bound. The request
// kept the contract, so this is one of the few rules that the contract can't
// express.
func unreadable(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return model.Invalid("request", "", err.Error())
}

// problems renders the failure of a request as a problem document (RFC 9457).
func (s *Server) problems(c *gin.Context) {
	c.Next()
	if len(c.Errors) == 0 {
		return
	}
	err := c.Errors.Last().Err
	if c.Writer.Written() {
		if c.Request.Context().Err() == nil {
			// The client must not mistake what it has for the whole answer.
			panic(http.ErrAbortHandler)
		}
		return
	}
	p, this := ProblemOf(err), callOf(c)
	p.Type, p.Title = "about:blank", title(p.Status)
	p.Instance = &this.id
	h := c.Writer.Header()
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Disposition", "Etag", "Last-Modified", "Location"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	if this.route.events && isTemporary(p.Status) && wantsEvents(c.Request) {
		this.refused = p.Status
		askAgain(c)
		return
	}
	switch p.Status {
	case http.StatusServiceUnavailable:
		// Spread, so that clients do not all come back at the same moment.
		h.Set("Retry-After", strconv.Itoa(1+rand.IntN(5)))
	case http.StatusTooManyRequests:
		h.Set("Retry-After", "1")
	case http.StatusRequestTimeout, http.StatusRequestEntityTooLarge:
		h.Set("Connection", "close") // otherwise net/http reads on before it answers
	}
	if s.isPage(c) {
		s.showProblem(c, p)
		return
	}
	h.Set("Content-Type", "application/problem+json")
	c.Writer.WriteHeader(p.Status)
	_ = json.NewEncoder(c.Writer).Encode(p) // fails only if the client has gone
}

// isTemporary reports whether the same request may succeed later.
func isTemporary(status int) bool {
	return status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
}

// wantsEvents reports whether a browser's EventSource asks.
func wantsEvents(r *http.Request) bool {
	return strings.Contains(strings.Join(r.Header["Accept"], ","), "text/event-stream")
}

// The bounds of how long an EventSource waits until it asks again. Each waits for
// a time of its own, so that they do not all come back at the same moment.
const (
	minRetry = 2 * time.Second
	maxRetry = 6 * time.Second
)

// askAgain answers an EventSource that can't be served now. On any status except
// 200 it would never ask again.
func askAgain(c *gin.Context) {
	c.Header("Content-Type", "text/event-stream")
	c.Writer.WriteHeader(http.StatusOK)
	_, _ = fmt.Fprintf(c.Writer, "retry: %d\n\n", (minRetry + rand.N(maxRetry-minRetry)).Milliseconds()) // fails only if the client has gone
}

// ProblemOf is the table of errors: what a failed request is answered. An error that matches none of its rows is a
// plain 500, and its details are in the log only.
func ProblemOf(err error) api.Problem {
	var (
		invalid *model.InvalidError
		own     *statusError
		tooLong *http.MaxBytesError
		purged  *model.PurgedError
	)
	status, detail := http.StatusInternalServerError, "The service failed. Its log has the cause, under the id in instance."
	switch {
	case errors.As(err, &invalid):
		return api.Problem{Status: http.StatusBadRequest, Detail: ptr(invalid.Error()), Errors: fieldsOf(invalid)}
	case errors.As(err, &own):
		status, detail = own.status, own.detail
	case errors.As(err, &tooLong):
		status, detail = http.StatusRequestEntityTooLarge, fmt.Sprintf("The body must not be longer than %d bytes.", tooLong.Limit)
	case errors.As(err, &purged):
		status, detail = http.StatusGone, "The "+purged.Error()
	case errors.Is(err, model.ErrNotFound):
		status, detail = http.StatusNotFound, "The requested object does not exist here."
	case errors.Is(err, model.ErrNoSuchFormat):
		status, detail = http.StatusNotImplemented, "The answer does not exist in this format."
	case errors.Is(err, model.ErrStaleEpoch):
		status, detail = http.StatusPreconditionFailed, "Somebody else has activated a source in the meantime. Read /source/active again and send its ETag as If-Match. An ETag that begins with W/ never matches."
	case errors.Is(err, model.ErrDeposed):
		status, detail = http.StatusPreconditionFailed, "Another monitor has had the lease since the decision. Ask for the lease, read /source/active and decide again."
	case errors.Is(err, model.ErrTwin):
		status, detail = http.StatusConflict, "Refused: "+err.Error()+"."
	case errors.Is(err, model.ErrPinned):
		status, detail = http.StatusConflict, "The active source is pinned. Only a request with pin=true or pin=false changes it."
	case errors.Is(err, model.ErrLoop):
		status, detail = http.StatusLoopDetected, "Another node passed this request on, but this node does not decide it either. On the other node, AURA_SYNC_HOST must be the address of the sync node."
	case errors.Is(err, model.ErrSyncNodeAway):
		status, detail = http.StatusServiceUnavailable, "The sync node decides this, but it cannot be reached or does not serve this node. The same request may succeed later. Sending it again does no harm."
	case errors.Is(err, model.ErrUnavailable):
		status, detail = http.StatusServiceUnavailable, "The database cannot be reached or cannot write in time. The same request may succeed later. Nothing is stored twice."
	case errors.Is(err, model.ErrOverloaded):
		status, detail = http.StatusServiceUnavailable, "The service has reached its limit of callers. The same request may succeed later."
	case errors.Is(err, model.ErrQueueFull):
		status, detail = http.StatusTooManyRequests, "So many reports are being made and wait already that no more may wait. Send the same request again when one of them is there."
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		status, detail = http.StatusServiceUnavailable, "The answer took too long. The same request may succeed later."
	case errors.Is(err, context.Canceled):
		status, detail = statusClientGone, "The client closed the connection."
	}
	return api.Problem{Status: status, Detail: &detail}
}

func fieldsOf(invalid *model.InvalidError) *[]api.ProblemField {
	list := make([]api.ProblemField, len(invalid.Fields))
	for i, f := range invalid.Fields {
		list[i] = api.ProblemField{Field: f.Field, Rule: f.Rule}
		if f.Value != "" {
			list[i].Value = ptr(f.Value)
		}
	}
	return &list
}

func title(status int) string {
	if status == statusClientGone {
		return "Client Closed Request"
	}
	return http.StatusText(status)
}

func ptr[T any](v T) *T { return &v }

// NotFound answers that there is nothing at this path.
func NotFound(c *gin.Context) { unknownPath(c) }

// unknownPath and wrongMethod answer requests that match no route. gin sets
// Allow, but knows nothing of HEAD.
func unknownPath(c *gin.Context) {
	fail(c, &statusError{http.StatusNotFound, "This path does not exist here."})
}

func wrongMethod(c *gin.Context) {
	h := c.Writer.Header()
	if allowed := strings.Split(h.Get("Allow"), ", "); slices.Contains(allowed, http.MethodGet) {
		h.Set("Allow", strings.Join(append(allowed, http.MethodHead), ", ")) // see head
	}
	fail(c, &statusError{http.StatusMethodNotAllowed, "This path has only the methods " + h.Get("Allow") + "."})
}
