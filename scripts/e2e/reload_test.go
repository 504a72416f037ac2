package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// TestReload: SIGHUP ends nothing, not even a request whose body is half sent.
// It has a service take other secrets, for what it asks and for what it is
// asked.
func TestReload(t *testing.T) {
	t.Parallel()
	for program, more := range map[string][]string{
		"engine-api":     {"AURA_SYNC_HOST=%s"},
		"sync-node":      {"AURA_MAIN_HOST_1=%s", "AURA_SYNC_INTERVAL=1s"},
		"status-monitor": {"AURA_SYNC_HOST=%s", "AURA_SOURCE_1=127.0.0.1", "AURA_HEARTBEAT_LISTEN=127.0.0.1:0"},
	} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			asked := make(chan string, 1000) // with which token others are asked
			other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked <- r.Header.Get("Authorization")
				w.WriteHeader(http.StatusServiceUnavailable)
			}))
			t.Cleanup(other.Close)
			dir := t.TempDir()
			token, tokens := filepath.Join(dir, "token"), filepath.Join(dir, "tokens")
			write := func(path, text string) {
				t.Helper()
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write(token, "first-secret-of-this-node")
			write(tokens, "ann:admin:first-secret-of-ann\n")
			env := []string{"AURA_SYNC_TOKEN_FILE=" + token, "AURA_API_TOKENS_FILE=" + tokens, "AURA_LOCAL_NEEDS_TOKEN=true"}
			for _, e := range more {
				env = append(env, strings.ReplaceAll(e, "%s", other.URL))
			}
			s := launch(t, dir, program, "sqlite://"+filepath.Join(dir, "service.db"), env...)
			t.Cleanup(func() { s.end(t) })
			patience.Await(t, func() error {
				if status, _, err := call(t.Context(), http.MethodGet, s.url+"/healthz", ""); err != nil || status != http.StatusOK {
					return errors.New("it does not answer")
				}
				return nil
			})
			seen := func(want string) {
				t.Helper()
				for patience.Receive(t, "is asked with "+want, asked) != "Bearer "+want {
				}
			}
			admitted := func(secret string, want int) {
				t.Helper()
				patience.Await(t, func() error {
					r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/metrics", nil)
					if err != nil {
						t.Fatal(err)
					}
					r.Header.Set("Authorization", "Bearer "+secret)
					answer, err := http.DefaultClient.Do(r)
					if err != nil {
						return err
					}
					answer.Body.Close()
					if answer.StatusCode != want {
						return fmt.Errorf("%d with %s, want %d", answer.StatusCode, secret, want)
					}
					return nil
				})
			}
			seen("first-secret-of-this-node")
			admitted("first-secret-of-ann", http.StatusOK)

			conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			body := play(t, "A", time.Now())
			fmt.Fprintf(conn, "POST /api/v1/playlog HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer first-secret-of-ann\r\n"+
				"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:10])

			write(token, "second-secret-of-this-node")
			write(tokens, "ann:admin:first-secret-of-ann\nann:admin:second-secret-of-ann\n")
			if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			seen("second-secret-of-this-node")
			admitted("first-secret-of-ann", http.StatusOK)
			admitted("second-secret-of-ann", http.StatusOK)
			fmt.Fprint(conn, body[10:])
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatalf("the request that was under way: %v", err)
			}
			answer.Body.Close()
			if program == "engine-api" && answer.StatusCode != http.StatusNoContent {
				t.Errorf("the request that was under way: %s", answer.Status)
			}

			// Without a signal; the broken one before is refused.
			write(tokens, "ann:admin:short\n")
			patience.Await(t, func() error {
				if !strings.Contains(s.logged(), "AURA_API_TOKENS: entry 1") {
					return errors.New("what is wrong is not logged")
				}
				return nil
			})
			admitted("second-secret-of-ann", http.StatusOK)
			write(tokens, "ann:admin:second-secret-of-ann\n")
			admitted("first-secret-of-ann", http.StatusUnauthorized)
			admitted("second-secret-of-ann", http.StatusOK)
			if log := s.logged(); strings.Contains(log, "secret-of") || !strings.Contains(log, "a token of ann (admin) was removed") {
				t.Errorf("the log lacks the change, or tells a secret:\n%s", log)
			}
		})
	}
}
