package peer

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
)

// ErrUnsupported says that the peer does not have this operation. An original
// node, for example, has no operations for batches and digests.
var ErrUnsupported = errors.New("the peer does not have this operation")

// errNothing is ErrUnsupported from a peer that answers with problem documents.
// Such a peer uses the same status if it has the operation but not the
// requested object.
var errNothing = fmt.Errorf("%w, or does not have the requested object", ErrUnsupported)

// ErrNotSyncNode says that the peer is not the sync node that it is taken for.
var ErrNotSyncNode = errors.New("is not a sync node")

// StatusError is an answer that reports no success.
type StatusError struct {
	Status int
	// Detail is what the peer says about it; "" if it says nothing.
	Detail string
	// RetryAfter is how long the peer asks the caller to wait; 0 if it does not
	// ask.
	RetryAfter time.Duration
	// fields are the fields that a problem document names.
	fields []model.FieldError
}

// Error is the status with the peer's words.
func (e *StatusError) Error() string {
	text := strings.TrimSpace(fmt.Sprintf("answered %d %s", e.Status, http.StatusText(e.Status)))
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// maxDetail bounds how much of an answer goes into an error, in bytes.
const maxDetail = 512

// statusError reads an answer that reports no success.
func statusError(r *http.Response, body []byte) error {
	isProblem := strings.HasPrefix(r.Header.Get("Content-Type"), "application/problem+json")
	switch {
	case r.StatusCode == http.StatusNotFound && isProblem:
		return fmt.Errorf("answered 404: %w", errNothing)
	case r.StatusCode == http.StatusNotFound, r.StatusCode == http.StatusMethodNotAllowed:
		return fmt.Errorf("answered %d: %w", r.StatusCode, ErrUnsupported)
	}
	e := &StatusError{Status: r.StatusCode, RetryAfter: RetryAfter(r.Header, time.Now())}
	var problem api.Problem
	if isProblem && decode(body, &problem) == nil {
		if problem.Detail != nil {
			e.Detail = cut(*problem.Detail)
		}
		if problem.Errors != nil {
			for _, f := range *problem.Errors {
				value := ""
				if f.Value != nil {
					value = *f.Value
				}
				e.fields = append(e.fields, model.NewFieldError(f.Field, value, cut(f.Rule)))
			}
		}
	} else if strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain") {
		e.Detail = cut(string(body))
	}
	return e
}

// cut makes a stranger's text fit for a line of the log.
func cut(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if len(s) <= maxDetail {
		return s
	}
	return strings.ToValidUTF8(s[:maxDetail], "") + "…"
}

// maxRetryAfter bounds how long a peer may ask the caller to wait.
const maxRetryAfter = 5 * time.Minute

// RetryAfter is how long an answer asks the caller to wait, at most five
// minutes. The header gives it in seconds, or as a date. It is 0 if the header
// does not say it.
func RetryAfter(answer http.Header, now time.Time) time.Duration {
	var wait time.Duration
	header := answer.Get("Retry-After")
	if seconds, err := strconv.Atoi(header); err == nil {
		wait = time.Duration(min(seconds, int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// unavailable is a model.ErrUnavailable with its own text, because the model's
// text is about our database.
type unavailable struct{ error }

// Is makes it a model.ErrUnavailable.
func (unavailable) Is(target error) bool { return target == model.ErrUnavailable }

func (e unavailable) Unwrap() error { return e.error }

// domain translates an error into the model's errors, which the code that
// serves the active source understands.
func domain(err error) error {
	if err == nil || errors.Is(err, ErrUnsupported) {
		return err
	}
	status, ok := errors.AsType[*StatusError](err)
	if !ok {
		return unavailable{err}
	}
	switch {
	case status.Status == http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %w", model.ErrStaleEpoch, err)
	case status.Status == http.StatusConflict:
		return fmt.Errorf("%w: %w", model.ErrPinned, err)
	case status.Status == http.StatusBadRequest && len(status.fields) > 0:
		return &model.InvalidError{Fields: status.fields}
	case status.Status == http.StatusBadRequest:
		return model.Invalid("request", "", status.Detail)
	case status.Status >= http.StatusInternalServerError, status.Status == http.StatusTooManyRequests:
		return unavailable{err}
	}
	return err
}
