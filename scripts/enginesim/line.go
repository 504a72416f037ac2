package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// patience is how long engines of 2020 wait for an answer before they continue,
// and how long everything else here waits.
const patience = 3 * time.Second

// line is how an engine reaches its engine-api: over one connection, one request
// after the other. It tries nothing twice.
type line struct {
	api    string // the base URL, without /api/v1
	client *http.Client
	habits habits
	turn   sync.Mutex
}

func newLine(api string, h habits) *line {
	return &line{
		api: strings.TrimSuffix(api, "/"), habits: h,
		client: &http.Client{
			Transport:     &http.Transport{MaxConnsPerHost: 1, DisableCompression: h.terse},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// post sends a message, and waits for its turn and for the answer.
func (l *line) post(ctx context.Context, m message) error {
	l.turn.Lock()
	defer l.turn.Unlock()
	ctx, cancel := l.waiting(ctx)
	defer cancel()
	data, err := json.Marshal(m.body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.api+m.path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	req.GetBody = nil // otherwise net/http might send it again
	req.Header.Set("Content-Type", "application/json")
	if l.habits.terse {
		req.Header.Set("Accept", "*/*")
		req.Header.Set("User-Agent", "") // none
	}
	resp, err := succeeded(l.client.Do(req))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if l.habits.terse && resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("%s, where only 204 is a success", resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body) // so that the connection can be used again
	return err
}

// waiting is the context of one request. It outlives ctx by patience, so that a
// stop does not cut a request short.
func (l *line) waiting(ctx context.Context) (context.Context, context.CancelFunc) {
	if l.habits.patience > 0 {
		return context.WithTimeout(context.WithoutCancel(ctx), l.habits.patience)
	}
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stopped := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(patience):
		case <-longer.Done():
		}
		cancel()
	})
	return longer, func() { stopped(); cancel() }
}

// succeeded turns any answer other than a success into an error.
func succeeded(resp *http.Response, err error) (*http.Response, error) {
	if urlErr := new(url.Error); errors.As(err, &urlErr) {
		return nil, urlErr.Err // without the address, which was printed at the start
	}
	if err != nil || resp.StatusCode < 300 {
		return resp, err
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, 4096)) // as much of the reason as can be read
	return nil, fmt.Errorf("%s %s", resp.Status, strings.TrimSpace(string(answer)))
}
