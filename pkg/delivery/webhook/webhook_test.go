package webhook_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/delivery/webhook"
)

const (
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	id     = "msg_p5jXN8AQM9LWM0D4loKWxJek"
)

// TestSign: the example of the specification's reference implementation.
func TestSign(t *testing.T) {
	t.Parallel()
	got := webhook.Sign(key(t), id, "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func key(t *testing.T) []byte {
	t.Helper()
	key, err := webhook.Key(secret)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestKey(t *testing.T) {
	t.Parallel()
	const short = "must have at least 24 characters, or whsec_ and the base64 of at least 24 bytes"
	for secret, want := range map[string]string{
		"0123456789abcdef01234567":               "",
		"0123456789abcdef0123456":                short,
		"":                                       short,
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw": "",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa==": short,
		"whsec_0123456789abcdef01234567!":        "must be base64 after whsec_",
	} {
		got := ""
		if _, err := webhook.Key(secret); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", secret, got, want)
		}
	}
}

func TestNewID(t *testing.T) {
	t.Parallel()
	if a, b := webhook.NewID(), webhook.NewID(); a == b || !strings.HasPrefix(a, "msg_") {
		t.Errorf("%s, %s", a, b)
	}
}

// post posts to a real server.
func post(t *testing.T, ctx context.Context, serve http.HandlerFunc) error {
	t.Helper()
	server := httptest.NewServer(serve)
	t.Cleanup(server.Close)
	return postTo(t, ctx, server.URL+"/secret-path")
}

func postTo(t *testing.T, ctx context.Context, url string) error {
	t.Helper()
	s := &webhook.Sender{UserAgent: "aura-test", Client: webhook.NewClient()}
	s.Sign(key(t))
	defer s.Client.CloseIdleConnections()
	err := s.Post(ctx, url, id, []byte(`{"a":"ü"}`))
	if err != nil && strings.Contains(err.Error(), "secret-path") {
		t.Errorf("the error names the URL: %v", err)
	}
	return err
}

func TestSender_Post(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		for _, status := range []int{http.StatusOK, http.StatusAccepted, http.StatusNoContent} {
			err := post(t, t.Context(), func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				at := r.Header.Get("webhook-timestamp")
				sent, err := strconv.ParseInt(at, 10, 64)
				if err != nil || time.Since(time.Unix(sent, 0)) > time.Hour {
					t.Errorf("sent at %s", at)
				}
				if r.Method != http.MethodPost || r.URL.Path != "/secret-path" || string(body) != `{"a":"ü"}` ||
					r.Header.Get("webhook-id") != id || r.Header.Get("webhook-signature") != webhook.Sign(key(t), id, at, body) ||
					r.Header.Get("Content-Type") != "application/json" || r.UserAgent() != "aura-test" {
					t.Errorf("%s %s %s %v", r.Method, r.URL, body, r.Header)
				}
				w.WriteHeader(status)
			})
			if err != nil {
				t.Errorf("%d: %v", status, err)
			}
		}
	})

	t.Run("Redirect", func(t *testing.T) {
		t.Parallel()
		var asked atomic.Int32
		err := post(t, t.Context(), func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		})
		if later, ok := errors.AsType[*delivery.LaterError](err); !ok || err.Error() != "answered 307 Temporary Redirect" || later.Pause != 0 || asked.Load() != 1 {
			t.Errorf("%v, asked %d times", err, asked.Load())
		}
	})

	t.Run("Gone", func(t *testing.T) {
		t.Parallel()
		err := post(t, t.Context(), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
		permanent, ok := errors.AsType[*delivery.PermanentError](err)
		if !ok || !permanent.Answered || permanent.Reason != "the webhook is gone: it answered 410" {
			t.Errorf("%#v", err)
		}
	})

	t.Run("Away", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		if err := postTo(t, t.Context(), server.URL+"/secret-path"); err == nil || !strings.HasPrefix(err.Error(), "post: ") {
			t.Errorf("%v", err)
		}
		if err := postTo(t, t.Context(), "http://%/secret-path"); err == nil {
			t.Error("it has no URL")
		}
	})

	// The header of an answer is bounded, and so is what is read of its body.
	t.Run("Long", func(t *testing.T) {
		t.Parallel()
		err := post(t, t.Context(), func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Long", strings.Repeat("a", 1<<20)) })
		if err == nil || !strings.HasPrefix(err.Error(), "post: ") {
			t.Errorf("%v", err)
		}
		err = post(t, t.Context(), func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		})
		if err != nil {
			t.Errorf("an endless body: %v", err)
		}
	})

	// A hanging one is left when the context ends.
	t.Run("Stop", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		let := make(chan struct{})
		defer close(let)
		err := post(t, ctx, func(http.ResponseWriter, *http.Request) { cancel(); <-let })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

// answer is a server without a network.
type answer http.Header

// RoundTrip implements http.RoundTripper.
func (a answer) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header(a), Body: http.NoBody, Request: r}, nil
}

func TestSender_Post_retryAfter(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"60":                            time.Minute,
		"86400":                         5 * time.Minute,
		"Sat, 01 Jan 2000 00:02:00 GMT": 2 * time.Minute,
		"-1":                            0,
		"soon":                          0,
		"":                              0,
	} {
		synctest.Test(t, func(t *testing.T) { // in which it is the year 2000
			s := &webhook.Sender{Client: &http.Client{Transport: answer{"Retry-After": {header}}}}
			s.Sign(key(t))
			err := s.Post(t.Context(), "http://hook.example", id, nil)
			if later, ok := errors.AsType[*delivery.LaterError](err); !ok || later.Pause != want {
				t.Errorf("%q: %v, want a pause of %s", header, err, want)
			}
		})
	}
}
