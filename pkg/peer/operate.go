package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
)

// SendAgain has a body that the peer refused read again, as it came and with its
// first arrival. It is for admins. Errors: *StatusError, or of the network; that
// an entry of a list is refused again is a *StatusError, too.
func (c *Client) SendAgain(ctx context.Context, r model.Refusal) error {
	header := http.Header{"Content-Type": nil, "X-Arrival": {r.Arrival.UTC().Format(time.RFC3339Nano)}}
	if r.ContentType != "" {
		header.Set("Content-Type", r.ContentType)
	}
	if r.ContentEncoding != "" {
		header.Set("Content-Encoding", r.ContentEncoding)
	}
	_, path, _ := strings.Cut(r.Path, apiPath)
	var results []api.PlayResult
	what := call{method: r.Method, path: path, body: r.Body, header: header, repeatable: true}
	if err := c.do(ctx, what, &results); err != nil {
		return err
	}
	for i, result := range results {
		if result.Status != http.StatusNoContent {
			return &StatusError{Status: result.Status, Detail: fmt.Sprintf("entry %d: %s", i+1, cut(*result.Detail))}
		}
	}
	return nil
}

// LogMissed logs an entry that was missed, in the names of the API. dryRun only
// checks it. To log it again changes nothing. Errors: *StatusError, or of the
// network.
func (c *Client) LogMissed(ctx context.Context, m api.MissedEntry, dryRun bool) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode for %s: %w", c.name, err)
	}
	return c.do(ctx, call{
		method: http.MethodPost, path: "/playlog/corrections", query: url.Values{"dry_run": {strconv.FormatBool(dryRun)}}, body: body, repeatable: true,
	}, nil)
}
