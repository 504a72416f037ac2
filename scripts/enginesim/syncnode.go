package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// syncNode is the API of a station's sync node, as a website and an operator see
// it.
type syncNode struct {
	api    string // the base URL
	client *http.Client
}

// airing is what is on air, as the track service tells it. Without a source,
// nothing is on air.
type airing struct {
	Source int       `json:"log_source"`
	Artist string    `json:"track_artist"`
	Title  string    `json:"track_title"`
	Start  time.Time `json:"track_start"`
	From   time.Time `json:"on_air_from"`
}

// name is what a listener sees. A show without titles has no artist.
func (a airing) name() string {
	if a.Artist == "" {
		return a.Title
	}
	return a.Artist + " – " + a.Title
}

// reconnect is how long a listener waits before it tries again.
const reconnect = time.Second

// follow sends each change of what is on air until ctx ends. It reports an
// interruption once and then resumes the stream.
func (n *syncNode) follow(ctx context.Context, onAir chan<- airing, say func(what, format string, args ...any)) {
	var last airing
	lost := false
	for {
		err := n.listen(ctx, func(a airing) {
			lost = false
			// It is the same track again, with more details.
			if a.Source == last.Source && a.From.Equal(last.From) && a.Start.Equal(last.Start) {
				return
			}
			last = a
			select {
			case onAir <- a:
			case <-ctx.Done():
			}
		})
		if ctx.Err() == nil && !lost {
			lost = true
			say("lost", "the stream of the sync node: %v", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(reconnect):
		}
	}
}

// listen hands over what the stream brings until the stream ends. The end is
// always an error.
func (n *syncNode) listen(ctx context.Context, hear func(airing)) error {
	resp, err := n.do(ctx, http.MethodGet, "/trackservice/stream", nil, "")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		data, isData := strings.CutPrefix(lines.Text(), "data: ")
		if !isData {
			continue
		}
		var a airing // stays empty if the data is null
		if err := json.Unmarshal([]byte(data), &a); err != nil {
			return fmt.Errorf("%w in %s", err, data)
		}
		hear(a)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}

// activeSource is the active source. ETag identifies the state that was seen.
type activeSource struct {
	Source int   `json:"active_source"`
	Epoch  int64 `json:"epoch"`
	Pinned bool  `json:"pinned"`
	ETag   string
}

func (n *syncNode) active(ctx context.Context) (activeSource, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var a activeSource
	resp, err := n.do(ctx, http.MethodGet, "/source/active", nil, "")
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	a.ETag = resp.Header.Get("ETag")
	return a, json.NewDecoder(resp.Body).Decode(&a)
}

// activation is a switch, as the history shows it.
type activation struct {
	Epoch  int64  `json:"epoch"`
	Source int    `json:"source"`
	By     string `json:"by"`
	Reason string `json:"reason"`
	Pinned bool   `json:"pinned"`
}

// switches are the latest switches after one epoch and up to another, oldest
// first.
func (n *syncNode) switches(ctx context.Context, after, upTo int64) ([]activation, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	resp, err := n.do(ctx, http.MethodGet, "/source/history?limit=20", nil, "")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var all []activation
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(a activation) bool { return a.Epoch <= after || a.Epoch > upTo })
	slices.Reverse(all)
	return all, nil
}

// activate switches the source, unless somebody else switched it after activate
// looked.
func (n *syncNode) activate(ctx context.Context, source int, by, reason string) error {
	seen, err := n.active(ctx)
	if err != nil {
		return err
	}
	body, err := json.Marshal(object{"by": by, "reason": reason})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	resp, err := n.do(ctx, http.MethodPut, fmt.Sprintf("/source/active/%d", source), body, seen.ETag)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// do makes one request. Any answer other than a success is an error.
func (n *syncNode) do(ctx context.Context, method, path string, body []byte, ifMatch string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, n.api+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if ifMatch != "" {
		req.Header.Set("If-Match", ifMatch)
	}
	return succeeded(n.client.Do(req))
}
