package act

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
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

const (
	// maxWebhookAge is when a notice is given up.
	maxWebhookAge = 3 * 24 * time.Hour
	// maxAnswer bounds what is read of an answer, so that the connection can be
	// used again, in bytes.
	maxAnswer   = 64 * 1024
	dialTimeout = 5 * time.Second
	keptFor     = 90 * time.Second
)

// eventSwitch is the type of the event that the active source is another one.
const eventSwitch = "switch"

// event is what is posted.
type event struct {
	Type     string    `json:"type"`
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Source   int       `json:"source,omitempty"`
	Previous int       `json:"previous,omitempty"`
	By       string    `json:"by,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	State    string    `json:"state,omitempty"`
	Monitor  string    `json:"monitor"`
}

// tell stores an event for each webhook behind other rows, and has it posted. It
// returns the rows as they are stored. Call it with storing held.
func (a *Actor) tell(ctx context.Context, rows []model.Delivery, e event) (_ []model.Delivery, stored bool) {
	e.ID, e.Monitor = "msg_"+rand.Text(), a.by
	others := len(rows)
	for _, w := range a.webhooks {
		rows = append(rows, delivery(w.name, e))
	}
	if len(rows) == 0 {
		return nil, true
	}
	rows, stored = a.store(ctx, rows)
	for i, w := range a.webhooks {
		w.push(&owed[event]{rows[others+i], e})
	}
	return rows, stored
}

// webhook is the channel to one webhook.
type webhook struct {
	line[event]
	url    string
	key    []byte
	client *http.Client
}

func newWebhook(s *shared, number int, url string, key []byte, client *http.Client) *webhook {
	w := &webhook{
		line: newLine[event]("webhook-"+strconv.Itoa(number), s, newBackoff(500*time.Millisecond, time.Minute)),
		url:  url, key: key, client: client,
	}
	w.try, w.maxAge = w.post, maxWebhookAge
	return w
}

func newClient(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
			TLSHandshakeTimeout: dialTimeout,
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 1,
			IdleConnTimeout:     keptFor,
		},
		// Another place would get what was meant, and signed, for this one.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// load brings what waits from before a restart.
func (w *webhook) load(rows []model.Delivery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bring(rows)
	w.bound()
}

// post sends an event once. Errors don't name the URL, which often is a secret.
func (w *webhook) post(ctx context.Context, o *owed[event]) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(o.Body))
	if err != nil {
		return errors.New("the URL can't be used")
	}
	sent := strconv.FormatInt(time.Now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "aura-status-monitor")
	r.Header.Set("webhook-id", o.body.ID)
	r.Header.Set("webhook-timestamp", sent)
	r.Header.Set("webhook-signature", sign(w.key, o.body.ID, sent, o.Body))
	answer, err := w.client.Do(r)
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
		return &givenUp{reason: "the webhook is gone: answered 410", answered: true}
	}
	err = fmt.Errorf("answered %d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
	return &wait{err, peer.RetryAfter(answer.Header, time.Now())}
}

// sign is the signature of the Standard Webhooks.
func sign(key []byte, id, sent string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, sent, body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
