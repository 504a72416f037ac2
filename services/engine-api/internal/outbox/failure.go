package outbox

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"

	"aura.radio/engine/pkg/peer"
)

// storeError is a failure of this node's own database.
type storeError struct{ error }

// Error says whose database it is.
func (e storeError) Error() string { return "outbox: " + e.error.Error() }

func (e storeError) Unwrap() error { return e.error }

// refusesContent reports whether the peer refused the content of a request, so
// that sending it again is useless.
func refusesContent(err error) bool {
	status, ok := errors.AsType[*peer.StatusError](err)
	if !ok {
		return false
	}
	switch status.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// kindOf returns the kind of a failure, for the metrics.
func kindOf(err error) string {
	status, isStatus := errors.AsType[*peer.StatusError](err)
	network, isNetwork := errors.AsType[net.Error](err)
	_, isSystem := errors.AsType[syscall.Errno](err)
	_, isStore := errors.AsType[storeError](err)
	switch {
	case isStore:
		return "database"
	case errors.Is(err, peer.ErrNotSyncNode):
		return "address"
	case errors.Is(err, peer.ErrUnsupported):
		return "unsupported"
	case isStatus && (status.Status == http.StatusUnauthorized || status.Status == http.StatusForbidden):
		return "access"
	case isStatus && status.Status == http.StatusConflict:
		return "twin"
	case isStatus && (status.Status == http.StatusTooManyRequests || status.Status == http.StatusServiceUnavailable):
		return "overloaded"
	case isStatus && status.Status < http.StatusInternalServerError:
		return "refused"
	case isStatus:
		return "status"
	case errors.Is(err, context.DeadlineExceeded), isNetwork && network.Timeout():
		return "timeout"
	case isNetwork, isSystem, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "network"
	}
	return "answer"
}

var failureKinds = []string{"database", "address", "unsupported", "access", "twin", "overloaded", "refused", "status", "timeout", "answer", "network"}
