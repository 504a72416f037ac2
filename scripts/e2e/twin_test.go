package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// copied is a sync node and host 2, whose database somebody copies.
type copied struct {
	t       *testing.T
	dir     string
	station *service
	address string // of host 2
	posts   int
}

// copyHost starts the sync node. host is how it knows host 2: nothing, or its
// address.
func copyHost(t *testing.T, host func(address string) []string) *copied {
	t.Helper()
	c := &copied{t: t, dir: t.TempDir(), address: freeAddress(t)}
	c.station = launch(t, c.dir, "sync-node", c.database("station.db"), host(c.address)...)
	t.Cleanup(func() { c.station.end(t) })
	awaitReady(t, c.station.url, c.station.exited)
	return c
}

func (c *copied) database(name string) string { return "sqlite://" + filepath.Join(c.dir, name) }

// host starts host 2 itself.
func (c *copied) host() *service {
	c.t.Helper()
	s := launch(c.t, c.dir, "engine-api", c.database("node.db"), "AURA_HOST_ID=2", "AURA_SYNC_HOST="+c.station.url, "AURA_LISTEN="+c.address)
	c.t.Cleanup(func() { s.end(c.t) })
	s.url = "http://" + c.address
	awaitReady(c.t, s.url, s.exited)
	return s
}

// copy copies the database of host 2, which is stopped.
func (c *copied) copy() {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, "node.db"))
	if err == nil {
		err = os.WriteFile(filepath.Join(c.dir, "copy.db"), text, 0o600)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// runTwice copies the host in between two titles, and starts the copy beside it.
func (c *copied) runTwice() (first, twin *service) {
	c.t.Helper()
	first = c.host()
	c.arrives(first, "first")
	first.signal(c.t, syscall.SIGTERM)
	c.copy()
	first = c.host()
	c.arrives(first, "second")
	return first, c.twin()
}

// twin starts a service over the copy.
func (c *copied) twin() *service {
	c.t.Helper()
	return startService(c.t, c.database("copy.db"), "AURA_HOST_ID=2", "AURA_SYNC_HOST="+c.station.url)
}

func (c *copied) post(to *service, title string) {
	c.t.Helper()
	c.posts++
	body := fmt.Sprintf(`{"track_start": %q, "track_title": %q, "track_artist": "Mazzie Star", "log_source": 2}`,
		time.Now().Add(time.Duration(c.posts-100)*time.Second).UTC().Format(time.RFC3339), title)
	mustCall(c.t, http.MethodPost, to.url+"/api/v1/playlog", body, http.StatusNoContent)
}

func (c *copied) has(at *service, title string) bool {
	c.t.Helper()
	return strings.Contains(mustCall(c.t, http.MethodGet, at.url+"/api/v1/playlog?source=all&limit=100", "", http.StatusOK), `"`+title+`"`)
}

// arrives posts a title and waits until the sync node has it.
func (c *copied) arrives(from *service, title string) {
	c.t.Helper()
	c.post(from, title)
	patience.Await(c.t, func() error {
		if !c.has(c.station, title) {
			return errors.New("the sync node does not have " + title)
		}
		return nil
	})
}

// isRefused posts a title to the copy and waits until the copy is refused.
func (c *copied) isRefused(twin *service, title string) {
	c.t.Helper()
	c.post(twin, title)
	patience.Await(c.t, func() error {
		if metrics := mustCall(c.t, http.MethodGet, twin.url+"/metrics", "", http.StatusOK); strings.Contains(metrics, `aura_outbox_failures_total{kind="twin"} 0`) {
			return errors.New("the copy is not refused")
		}
		return nil
	})
}

// tells fails if the log, the metric or the state of a node does not tell that
// there is another one.
func (c *copied) tells(node *service) {
	c.t.Helper()
	patience.Await(c.t, func() error {
		metrics := mustCall(c.t, http.MethodGet, node.url+"/metrics", "", http.StatusOK)
		state := mustCall(c.t, http.MethodGet, node.url+"/api/v1/sync/state", "", http.StatusOK)
		if !strings.Contains(node.logged(), "another database says that it is this host's") || !strings.Contains(metrics, "\naura_outbox_twin 1\n") ||
			!strings.Contains(state, "says so too") {
			return fmt.Errorf("%s does not tell, or not everywhere: %s", node.url, state)
		}
		return nil
	})
}

// TestTwin: somebody copies a host and starts the copy. What is posted to the copy
// waits there and gets neither on air nor into the true host's log, as soon as both
// were heard. The sync node, the host and the copy tell it.
func TestTwin(t *testing.T) {
	t.Parallel()
	c := copyHost(t, func(string) []string { return nil })
	first, twin := c.runTwice()
	c.arrives(twin, "like a restart")
	c.arrives(first, "third")
	c.isRefused(twin, "test")
	c.arrives(first, "fourth")
	if c.has(c.station, "test") || c.has(first, "test") {
		t.Error("the copy's title is in the log")
	}
	c.tells(first)
	c.tells(twin)
	if !strings.Contains(c.station.logged(), "another database says that it is this host's") {
		t.Errorf("the sync node's log does not tell:\n%s", c.station.logged())
	}
	code, out := command(t, "sync-node", []string{"audit"}, "AURA_DATABASE_URL="+c.database("station.db"), "AURA_STATION_TIMEZONE=Europe/Vienna", "AURA_MAIN_HOST_2="+first.url)
	if code != 1 || !strings.Contains(out, "says so too") {
		t.Errorf("the audit: exit code %d\n%s", code, out)
	}
}

// TestTwin_address: if the sync node knows the host's address, not even the first
// title of a copy is taken, and a restart of the host is taken at once.
func TestTwin_address(t *testing.T) {
	t.Parallel()
	c := copyHost(t, func(address string) []string { return []string{"AURA_MAIN_HOST_2=http://" + address} })
	first, twin := c.runTwice()
	c.isRefused(twin, "test")
	c.arrives(first, "third")
	c.tells(first)
	first.signal(t, syscall.SIGTERM)
	first = c.host()
	c.arrives(first, "fourth")
	if c.has(c.station, "test") || c.has(first, "test") {
		t.Error("the copy's title is in the log")
	}
}
