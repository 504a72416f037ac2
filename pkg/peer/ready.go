package peer

import (
	"context"
	"net/http"
	"strings"
)

// Ready asks whether the peer can do its work. detail says how it does its work
// without its database, "" if it has it. Errors: *StatusError with the peer's
// reason, or of the network.
func (c *Client) Ready(ctx context.Context) (detail string, _ error) {
	var text string
	if err := c.do(ctx, call{method: http.MethodGet, path: "/readyz", isProbe: true}, &text); err != nil {
		return "", err
	}
	detail, _ = strings.CutPrefix(text, "ready")
	return strings.TrimLeft(detail, ": "), nil
}
