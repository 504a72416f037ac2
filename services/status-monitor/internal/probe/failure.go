package probe

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/peer"
)

// Failure says in words why a node did not answer a call with that timeout; ""
// for no error.
func Failure(err error, timeout time.Duration) string {
	if err == nil {
		return ""
	}
	if status, ok := errors.AsType[*peer.StatusError](err); ok {
		return refusal(status)
	}
	unknown, isName := errors.AsType[*net.DNSError](err)
	broken, isNetwork := errors.AsType[net.Error](err)
	_, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case errors.Is(err, peer.ErrUnsupported):
		return "answers, but does not have the requested path; check that the address is that of the right node"
	case isName && unknown.IsNotFound:
		return fmt.Sprintf("can't be reached: its name %s is not known", unknown.Name)
	case isName:
		return fmt.Sprintf("can't be reached: its name %s can't be looked up", unknown.Name)
	case isCertificate:
		return "has a certificate that is not trusted"
	case isNetwork && broken.Timeout():
		return fmt.Sprintf("does not answer within %s", timeout)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refuses the connection"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "can't be reached: there is no route to its host"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "breaks off the connection"
	}
	return err.Error()
}

// refusal says what an unsuccessful answer means.
func refusal(status *peer.StatusError) string {
	said := strings.TrimSpace(fmt.Sprintf("%d %s", status.Status, http.StatusText(status.Status)))
	if status.Detail != "" {
		said += ": " + status.Detail
	}
	switch {
	case status.Status == http.StatusUnauthorized, status.Status == http.StatusForbidden:
		return fmt.Sprintf("answers, but refuses this monitor's token, %sSYNC_TOKEN (%s)", config.Prefix, said)
	case status.Status == http.StatusTooManyRequests:
		return fmt.Sprintf("answers, but was asked too often (%s)", said)
	case status.Status >= http.StatusInternalServerError:
		return fmt.Sprintf("answers, but with a failure of its own (%s)", said)
	}
	return fmt.Sprintf("answers, but not as expected (%s)", said)
}
