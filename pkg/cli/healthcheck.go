package cli

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/httpserver"
)

const (
	// healthTimeout is how long the running service may take to answer. It is
	// shorter than the timeout of the images' health check, so that the answer
	// is a sentence.
	healthTimeout = 4 * time.Second
	// maxReason bounds how much of an answer is shown, in bytes.
	maxReason = 4 << 10
)

// healthcheck makes the command that asks the running service whether it is
// ready. An image without a shell needs it: nothing else there can ask.
func healthcheck[C Config](env Env[C]) *cobra.Command {
	return New("healthcheck", "Ask the running service whether it is ready", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		part := struct{ HTTP httpserver.Config }{env.program.Default(env.environ).Base().HTTP}
		if err := config.LoadPart(&part, env.environ); err != nil {
			return Mistake(fmt.Errorf("configuration:\n%w", err))
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), healthTimeout)
		defer cancel()
		answer, err := askReady(ctx, part.HTTP.OwnURL())
		if err != nil {
			return err
		}
		cmd.Println(answer)
		return nil
	})
}

// askReady returns what a service says about itself if it is ready. Otherwise the
// error is the reason.
func askReady(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return "", fmt.Errorf("ask the service: %w", err)
	}
	// A certificate is for the name by which others call the service. This is
	// another one, and nothing secret is sent.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	res, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("ask the service: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxReason))
	if err != nil {
		return "", fmt.Errorf("ask the service: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("not ready: %s: %s", res.Status, reason(body))
	}
	return strings.TrimSpace(Printable(string(body))), nil
}

// reason is the sentence of a problem document, or all of another text.
func reason(body []byte) string {
	var problem struct{ Detail string }
	if err := json.Unmarshal(body, &problem); err == nil && problem.Detail != "" {
		body = []byte(problem.Detail)
	}
	return strings.TrimSpace(Printable(string(body)))
}
