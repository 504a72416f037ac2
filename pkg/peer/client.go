package peer

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"aura.radio/engine/pkg/config"
)

// apiPath is the path of every node's operations.
const apiPath = "/api/v1"

const (
	// maxAnswer bounds how much of an answer is read, in bytes.
	maxAnswer = 64 << 20
	// maxHeader bounds the header of an answer, in bytes.
	maxHeader = 64 << 10
	// maxRedirects is how many redirects a read follows.
	maxRedirects = 3
	// dialTimeout is how long it may take to establish a connection.
	dialTimeout = 5 * time.Second
	// keptConnections is how many idle connections are kept, and keptFor for
	// how long.
	keptConnections = 4
	keptFor         = 90 * time.Second
	// pingAfter is how long an HTTP/2 connection may be silent before it is
	// pinged. pingPatience is how long the answer may take.
	pingAfter    = 5 * time.Second
	pingPatience = 5 * time.Second
)

// Client calls one peer. It may be used by several goroutines at once.
type Client struct {
	name  string // of the peer, in errors
	base  string
	token atomic.Pointer[string]
	http  *http.Client
}

// shown is the part of a URL that may be shown: the rest may contain a secret
// in the wrong place.
func shown(u *url.URL) string { return u.Scheme + "://" + u.Host }

// New makes a client of the node at a URL such as http://host:8010, with or
// without /api/v1 behind it. It does not connect yet.
func New(baseURL string, cfg Config) (*Client, error) {
	u, err := url.Parse(strings.TrimSpace(baseURL))
	switch {
	case err != nil:
		return nil, errors.New("must be the URL of a node, such as http://host:8010") // err would repeat a password
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.RawQuery != "", u.Fragment != "":
		return nil, fmt.Errorf("%s: must be the URL of a node, such as http://host:8010", shown(u))
	case u.User != nil:
		return nil, fmt.Errorf("%s: must not contain a name or a password; use a token instead", shown(u))
	}
	path := strings.TrimSuffix(strings.TrimRight(u.Path, "/"), apiPath)
	transport := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns:           keptConnections,
		MaxIdleConnsPerHost:    keptConnections,
		IdleConnTimeout:        keptFor,
		ExpectContinueTimeout:  time.Second,
		DisableCompression:     true,
		// A connection that a device on the way has forgotten is given up soon.
		// Otherwise HTTP/2 keeps using a connection on which requests time out.
		HTTP2: &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingPatience},
	}
	c := &Client{
		name: shown(u),
		base: shown(u) + path + apiPath,
		http: &http.Client{
			Transport:     transport,
			Timeout:       cmp.Or(cfg.Timeout, defaultTimeout),
			CheckRedirect: checkRedirect,
		},
	}
	c.token.Store(&cfg.Token)
	return c, nil
}

// Reload gives clients the token of a configuration that was read again, and
// says whether it is another one. A token that can't be sent is refused.
func Reload(cfg Config, clients ...*Client) (changed []string, err error) {
	if err := cfg.validateToken(); err != nil {
		return nil, err
	}
	for _, c := range clients {
		if before := c.token.Swap(&cfg.Token); *before != cfg.Token {
			changed = []string{config.Prefix + "SYNC_TOKEN is another one"}
		}
	}
	return changed, nil
}

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// checkRedirect refuses to redirect a write: it would lose its body, or be
// stored where nobody looks.
func checkRedirect(_ *http.Request, via []*http.Request) error {
	if via[0].Method != http.MethodGet {
		return http.ErrUseLastResponse
	}
	if len(via) > maxRedirects {
		return errors.New("too many redirects")
	}
	return nil
}

// call is one request.
type call struct {
	method string
	path   string
	query  url.Values
	body   []byte // JSON, unless the header says something else; nil for none
	header http.Header
	// repeatable: if a kept connection turns out to be closed, the request may
	// be sent again over another connection.
	repeatable bool
	// isProbe: the path is not below the API's, and what it answers is text.
	isProbe bool
	// answered is called with the header of an answer that reports success; nil
	// if nobody needs it.
	answered func(http.Header)
}

// Get reads a path of the peer's API for which this package has no method.
// Errors: ErrUnsupported, *StatusError, or of the network.
func (c *Client) Get(ctx context.Context, path string, query url.Values, into any) error {
	return c.do(ctx, call{method: http.MethodGet, path: path, query: query}, into)
}

// Post sends a value as JSON to a path of the peer's API for which this package
// has no method. It is for operations that change nothing when they receive the
// value again. Errors: ErrUnsupported, *StatusError, or of the network.
func (c *Client) Post(ctx context.Context, path string, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode for %s: %w", c.name, err)
	}
	return c.do(ctx, call{method: http.MethodPost, path: path, body: body, repeatable: true}, nil)
}

// do makes a call and decodes the answer into a value, unless the value is nil.
func (c *Client) do(ctx context.Context, what call, into any) error {
	if err := c.exchange(ctx, what, into); err != nil {
		return fmt.Errorf("%s %s at %s: %w", what.method, what.path, c.name, err)
	}
	return nil
}

func (c *Client) exchange(ctx context.Context, what call, into any) error {
	target := c.base + what.path
	if what.isProbe {
		target = strings.TrimSuffix(c.base, apiPath) + what.path
	}
	if len(what.query) > 0 {
		target += "?" + what.query.Encode()
	}
	var body io.Reader
	if what.body != nil {
		body = bytes.NewReader(what.body)
	}
	r, err := http.NewRequestWithContext(ctx, what.method, target, body)
	if err != nil {
		return err
	}
	for name, values := range what.header {
		r.Header[name] = values
	}
	r.Header.Set("Accept", "application/json, application/problem+json")
	if _, chosen := what.header["Content-Type"]; what.body != nil && !chosen {
		r.Header.Set("Content-Type", "application/json")
	}
	if token := *c.token.Load(); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if what.repeatable {
		r.Header["X-Idempotency-Key"] = nil // tells net/http that it may repeat the request; it is not sent
	}
	answer, err := c.http.Do(r)
	if err != nil {
		if broken := new(url.Error); errors.As(err, &broken) {
			err = broken.Err // the rest is in the message already
		}
		return err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("read the answer: %w", err)
	case len(data) > maxAnswer:
		return fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	case answer.StatusCode < 200 || answer.StatusCode > 299:
		return statusError(answer, data)
	}
	if what.answered != nil {
		what.answered(answer.Header)
	}
	if into == nil || answer.StatusCode == http.StatusNoContent {
		return nil
	}
	if text, ok := into.(*string); ok && what.isProbe {
		*text = cut(string(data))
		return nil
	}
	if err := decode(data, into); err != nil {
		return fmt.Errorf("the answer is not as expected: %w", err)
	}
	return nil
}

func decode(data []byte, into any) error { return json.Unmarshal(data, into) }
