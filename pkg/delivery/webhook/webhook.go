package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/peer"
)

const (
	// MaxAge is when an event should be given up.
	MaxAge = 3 * 24 * time.Hour
	// maxAnswer bounds what is read of an answer, so that the connection can be
	// used again, in bytes.
	maxAnswer = 64 * 1024
	// maxHeader bounds the header of an answer, in bytes.
	maxHeader   = 64 * 1024
	dialTimeout = 5 * time.Second
	keptFor     = 90 * time.Second
)

// Backoff is that of a webhook.
func Backoff() delivery.Backoff {
	return delivery.Backoff{First: 500 * time.Millisecond, Most: time.Minute}
}

// NewID makes the id of an event.
func NewID() string { return "msg_" + rand.Text() }

// Sender posts to webhooks. It may be used at the same time by several lines. Give
// it a key with Sign before the first post.
type Sender struct {
	UserAgent string
	Client    *http.Client

	key atomic.Pointer[[]byte]
}

// Sign has all posts from now on signed with a key; see Key.
func (s *Sender) Sign(key []byte) { s.key.Store(&key) }

// NewClient makes a client that is fit for webhooks. A post ends with its context.
func NewClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
			TLSHandshakeTimeout:    dialTimeout,
			ForceAttemptHTTP2:      true,
			MaxResponseHeaderBytes: maxHeader,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        keptFor,
		},
		// Another place would get what was meant, and signed, for this one.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Post posts an event once, a JSON body under its id. Errors:
// *delivery.PermanentError, *delivery.LaterError, or that of the network.
func (s *Sender) Post(ctx context.Context, to, id string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return errors.New("the URL can't be used")
	}
	sent := strconv.FormatInt(time.Now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", s.UserAgent)
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", sent)
	r.Header.Set("webhook-signature", Sign(*s.key.Load(), id, sent, body))
	answer, err := s.Client.Do(r)
	if err != nil {
		if broken, ok := errors.AsType[*url.Error](err); ok {
			err = broken.Err
		}
		return fmt.Errorf("post: %w", err)
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer)
	switch {
	case answer.StatusCode >= 200 && answer.StatusCode <= 299:
		return nil
	case answer.StatusCode == http.StatusGone:
		return &delivery.PermanentError{Reason: "the webhook is gone: it answered 410", Answered: true}
	}
	return &delivery.LaterError{
		Err:   fmt.Errorf("answered %d %s", answer.StatusCode, http.StatusText(answer.StatusCode)),
		Pause: peer.RetryAfter(answer.Header, time.Now()),
	}
}

// Sign is the signature of a body that is sent at that time, in Unix seconds.
func Sign(key []byte, id, sent string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, sent, body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
