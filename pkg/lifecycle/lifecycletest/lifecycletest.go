// Package lifecycletest runs whole services in tests and sends them requests.
// It promises that a service started by a test is stopped, and has ended,
// before the test is over.
package lifecycletest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// App is a service that can be run.
type App interface {
	Listen(ctx context.Context) error
	Addr() net.Addr
	Run(ctx context.Context) error
}

// Service is a running service.
type Service struct {
	URL string // without a path
	// Stop ends the service, and returns the error with which it ended.
	Stop func() error

	t testing.TB
}

// Start runs a service until the test ends. The service must be configured to
// listen on a port that the kernel chooses.
func Start(t testing.TB, app App) *Service {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	if err := app.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx) }()
	s := &Service{t: t, URL: "http://" + app.Addr().String()}
	s.Stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(patience.Limit()):
			return errors.New("did not stop")
		}
	})
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Answer is an answer without its body.
type Answer struct {
	StatusCode int
	Status     string
	Header     http.Header
}

// Call makes a request. The body is JSON; "" means none.
func (s *Service) Call(method, path, body string) (_ Answer, text string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return Answer{res.StatusCode, res.Status, res.Header}, string(all)
}

// Await repeats a call until the answer has that status.
func (s *Service) Await(status int, method, path, body string) (_ Answer, text string) {
	s.t.Helper()
	return s.AwaitAnswer(method, path, body, func(a Answer, _ string) bool { return a.StatusCode == status })
}

// AwaitAnswer repeats a call until wanted accepts the answer.
func (s *Service) AwaitAnswer(method, path, body string, wanted func(Answer, string) bool) (_ Answer, text string) {
	s.t.Helper()
	var res Answer
	patience.Await(s.t, func() error {
		if res, text = s.Call(method, path, body); !wanted(res, text) {
			return fmt.Errorf("%s %s: still %s %s", method, path, res.Status, text)
		}
		return nil
	})
	return res, text
}
