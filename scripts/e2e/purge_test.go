package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// oldStation is a sync node and host 1, whose plays are old and new.
type oldStation struct {
	t                 *testing.T
	dir               string
	nodeAt, stationAt string
	node, station     *service
}

// oldYear is how many plays host 1 has of each of three years.
const oldYear = 300

func newOldStation(t *testing.T) *oldStation {
	t.Helper()
	s := &oldStation{t: t, dir: t.TempDir(), nodeAt: freeAddress(t), stationAt: freeAddress(t)}
	s.startStation()
	s.startNode()
	return s
}

func (s *oldStation) env(program string) []string {
	if program == "sync-node" {
		return []string{"AURA_LISTEN=" + s.stationAt, "AURA_MAIN_HOST_1=http://" + s.nodeAt, "AURA_SYNC_STEP_SLEEP=0"}
	}
	return []string{"AURA_LISTEN=" + s.nodeAt, "AURA_SYNC_HOST=http://" + s.stationAt}
}

func (s *oldStation) file(program string) string { return filepath.Join(s.dir, program+".db") }

func (s *oldStation) start(program, address string) *service {
	s.t.Helper()
	started := launch(s.t, s.dir, program, "sqlite://"+s.file(program), s.env(program)...)
	s.t.Cleanup(func() { started.end(s.t) })
	started.url = "http://" + address
	awaitReady(s.t, started.url, started.exited)
	return started
}

func (s *oldStation) startStation() { s.station = s.start("sync-node", s.stationAt) }
func (s *oldStation) startNode()    { s.node = s.start("engine-api", s.nodeAt) }

// run executes a command of a program with its configuration, and returns what it says.
func (s *oldStation) run(program string, args ...string) (string, error) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), filepath.Join(bin, program), args...)
	cmd.Env = environment(append(s.env(program), "AURA_DATABASE_URL=sqlite://"+s.file(program), "AURA_STATION_TIMEZONE=Europe/Vienna")...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (s *oldStation) mustRun(program string, args ...string) string {
	s.t.Helper()
	out, err := s.run(program, args...)
	if err != nil {
		s.t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return out
}

// export makes a file of plays as export writes them, of three years from 2014 on.
func (s *oldStation) export() (file string) {
	s.t.Helper()
	var text strings.Builder
	for year := range 3 {
		for i := range oldYear {
			line, err := json.Marshal(map[string]any{
				"log_source": 1, "track_start": time.Date(2014+year, 1, 1, i, 0, 0, 0, time.UTC).Format(time.RFC3339), "track_title": fmt.Sprint(i), "duration_ms": 60_000,
			})
			if err != nil {
				s.t.Fatal(err)
			}
			text.Write(append(line, '\n'))
		}
	}
	file = filepath.Join(s.dir, "plays.jsonl")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return file
}

// awaitPlays waits until a service has that many plays.
func (s *oldStation) awaitPlays(of *service, want string) {
	s.t.Helper()
	eventually(s.t, func() error {
		resp, err := http.Get(of.url + "/api/v1/playlog?limit=1")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if got := resp.Header.Get("X-Total-Count"); got != want {
			return fmt.Errorf("%s has %s plays, want %s", of.program, got, want)
		}
		return nil
	})
}

// awaitAudit waits until the audit says that all is equal.
func (s *oldStation) awaitAudit() {
	s.t.Helper()
	eventually(s.t, func() error {
		if out, err := s.run("sync-node", "audit"); err != nil || !strings.Contains(out, "purges: equal, ") {
			return fmt.Errorf("audit: %w\n%s", err, out)
		}
		return nil
	})
}

// TestPurge purges two of three years at the sync node while the node is away. The
// node's plays go too, none comes back by an import, from a node or from a sync node
// that was restored from a backup of before, and the audit says equal.
func TestPurge(t *testing.T) {
	t.Parallel()
	s := newOldStation(t)
	plays := s.export()
	s.mustRun("engine-api", "import", "--service", s.node.url, plays)
	s.awaitPlays(s.station, "900")
	s.mustRun("sync-node", "export", filepath.Join(s.dir, "before.jsonl"))

	if out, err := s.run("engine-api", "purge", "plays", "--before", "2016-01-01", "--reason", "old"); err == nil || !strings.Contains(out, "run `sync-node purge plays` there") {
		t.Errorf("at the node: %v %s", err, out)
	}
	backup := filepath.Join(s.dir, "node-before.db")
	s.node.signal(t, syscall.SIGTERM)
	copyFile(t, s.file("engine-api"), backup)

	s.station.signal(t, syscall.SIGTERM)
	copyFile(t, s.file("sync-node"), filepath.Join(s.dir, "station-before.db"))
	s.startStation()
	if out := s.mustRun("sync-node", "purge", "plays", "--before", "2016-01-01", "--dry-run"); !strings.Contains(out, "total      600") {
		t.Errorf("would go: %s", out)
	}
	s.mustRun("sync-node", "purge", "plays", "--before", "2016-01-01", "--reason", "kept for ten years", "--as", "Alice")
	s.awaitPlays(s.station, "300")
	s.startNode() // it learns the purge when it starts
	s.awaitPlays(s.node, "300")
	s.awaitAudit()

	// Nothing comes back: not by an import, which names each row that it refuses...
	if out, err := s.run("engine-api", "import", "--service", s.node.url, plays); err == nil ||
		!strings.Contains(out, "row 1: wrong: ") || !strings.Contains(out, "by Alice: kept for ten years") || !strings.Contains(out, "stored: 300, wrong: 600") {
		t.Errorf("import: %v %s", err, out)
	}
	// ... not from a node that was restored from a backup of before,
	s.node.signal(t, syscall.SIGKILL)
	copyFile(t, backup, s.file("engine-api"))
	removeLog(t, s.file("engine-api"))
	s.startNode()
	s.awaitPlays(s.node, "300")
	eventually(t, func() error {
		told, log := -1, s.node.logged()
		for _, line := range []string{"the sync node says that plays are gone", "plays are deleted, because a person purged them", "purged plays are deleted"} {
			at := strings.Index(log, line)
			if at <= told {
				return fmt.Errorf("%q is not told, or not in its place", line)
			}
			told = at
		}
		return nil
	})
	s.awaitAudit()
	// ... nor from a sync node that was.
	s.station.signal(t, syscall.SIGKILL)
	copyFile(t, filepath.Join(s.dir, "station-before.db"), s.file("sync-node"))
	removeLog(t, s.file("sync-node"))
	s.startStation()
	s.awaitPlays(s.station, "300")
	s.awaitAudit()
	if out := s.mustRun("sync-node", "purge", "list"); !strings.Contains(out, "plays before 2016-01-01T00:00:00+01:00 were purged on ") || !strings.Contains(out, "total      600") {
		t.Errorf("listed is %s", out)
	}

	mustCall(t, http.MethodGet, s.node.url+"/api/v1/report/2015-01", "", http.StatusGone)
	summary := mustCall(t, http.MethodGet, s.node.url+"/api/v1/report/2016-01", "", http.StatusOK)
	if !strings.Contains(summary, `"plays":300`) || strings.Contains(summary, "purged") {
		t.Errorf("the report of what is kept: %.300s", summary)
	}
	if all := s.node.logged() + s.station.logged(); strings.Contains(all, "can't be stored") || strings.Contains(all, "refuses a record") {
		t.Errorf("something was refused in between: %s", all)
	}
}

// copyFile copies the database of a service that is stopped.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// removeLog removes what SQLite wrote next to a file that was replaced.
func removeLog(t *testing.T, file string) {
	t.Helper()
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Remove(file + end); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}
