package command

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/patience"
)

// kills is how often something is killed.
const kills = 15

// process runs the program in a process of its own.
func (k kept) process(stderr *lines, args ...string) *exec.Cmd {
	k.t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	// The service would take the tests' own variables as mistakes.
	ours := func(variable string) bool { return strings.HasPrefix(variable, "AURA_") }
	cmd.Env = append(slices.DeleteFunc(os.Environ(), ours), asProgram+"=1")
	for name, value := range k.environ {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended already, if nothing failed
	return cmd
}

// lines is what a process says.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

var listening = regexp.MustCompile(`"address":"([^"]+)"`)

// served runs the service, and returns where it is when it is ready.
func (k kept) served() (cmd *exec.Cmd, url string) {
	k.t.Helper()
	var said lines
	cmd = k.process(&said, "serve")
	patience.Await(k.t, func() error {
		if found := listening.FindStringSubmatch(said.String()); found != nil {
			url = "http://" + found[1]
			if answer, err := http.Get(url + "/readyz"); err == nil {
				answer.Body.Close()
				if answer.StatusCode == http.StatusOK {
					return nil
				}
			}
		}
		return fmt.Errorf("the service is not ready: %s", said.String())
	})
	return cmd, url
}

// cutOff runs a command and kills it within about the time that it takes. It reports
// whether the command was done before.
func (k kept) cutOff(random *rand.Rand, takes time.Duration, args ...string) bool {
	k.t.Helper()
	cmd := k.process(&lines{}, args...)
	timer := time.AfterFunc(time.Duration(random.Int64N(int64(takes)*5/4)), func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
	err := cmd.Wait()
	timer.Stop()
	return err == nil
}

// takes is how long a command takes at least.
func (k kept) takes(args ...string) time.Duration {
	k.t.Helper()
	least := time.Hour
	for range 3 {
		begun := time.Now()
		if err := k.process(&lines{}, args...).Wait(); err != nil {
			k.t.Fatalf("%v: %v", args, err)
		}
		least = min(least, time.Since(begun))
	}
	return least
}

func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// load posts plays until end is called, to the service of the moment. It counts those
// that were acknowledged.
type load struct {
	url   atomic.Pointer[string]
	acked atomic.Int64
	stop  chan struct{}
	done  sync.WaitGroup
}

func (l *load) run() {
	l.stop = make(chan struct{})
	l.done.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-l.stop:
				return
			default:
			}
			body := fmt.Sprintf(`{"track_start": %q, "track_title": "%d"}`, playedAt.Add(time.Duration(i)*time.Second).Format(time.RFC3339), i)
			if answer, err := http.Post(*l.url.Load()+"/api/v1/playlog", "application/json", strings.NewReader(body)); err == nil {
				answer.Body.Close()
				if answer.StatusCode == http.StatusNoContent {
					l.acked.Add(1)
				}
			}
		}
	})
}

func (l *load) end() {
	close(l.stop)
	l.done.Wait()
}

// TestBackup_killed: while an engine plays and the service is killed now and then,
// each backup whose making is killed is whole, with all that was acknowledged
// before it began, or it is not there.
func TestBackup_killed(t *testing.T) {
	t.Parallel()
	random := seeded(t)
	k, root := newKept(t, 1), t.TempDir()
	service, url := k.served()
	var l load
	l.url.Store(new(url))
	l.run()
	defer l.end()
	takes := k.takes("backup", root)
	first := len(names(t, root))
	done, whole := 0, first
	for range kills {
		before := l.acked.Load()
		if random.IntN(4) == 0 {
			_ = service.Process.Kill()
			_ = service.Wait()
			service, url = k.served()
			l.url.Store(new(url))
		}
		if k.cutOff(random, takes, "backup", root) {
			done++
		}
		all := names(t, root)
		if len(all) == whole {
			continue
		}
		whole = len(all)
		lost := newKept(t, 1)
		lost.run(cli.ExitOK, "restored", "restore", filepath.Join(root, all[len(all)-1]))
		if got := int64(len(lost.titles())) + lost.waits(); got < before {
			t.Fatalf("the backup has %d plays, and %d were acknowledged before", got, before)
		}
	}
	if whole-first < done {
		t.Errorf("%d backups are there, and %d said that they were done", whole-first, done)
	}
	t.Logf("killed %d, of which %d were done; a backup takes %s; %d plays", kills, whole-first, takes, l.acked.Load())
	k.run(cli.ExitOK, "deleted", "backup", root, "--keep", "1")
	if got := names(t, root); len(got) != 1 {
		t.Errorf("left are %q", got)
	}
	_ = service.Process.Signal(syscall.SIGTERM)
	_ = service.Wait()
}

// TestRestore_killed: a restore that is killed is done or not begun, and can be
// repeated.
func TestRestore_killed(t *testing.T) {
	t.Parallel()
	random := seeded(t)
	k, root := newKept(t, 1), t.TempDir()
	k.store("a")
	k.keep(`{"waits": 1}`)
	small := k.backup(root)
	k.store("a", "b", "c")
	large := k.backup(root)
	takes := k.takes("restore", large)
	done := 0
	for range kills {
		isDone := k.cutOff(random, takes, "restore", small)
		switch got := len(k.titles()); {
		case got == 1:
			done++
			k.run(cli.ExitOK, "restored", "restore", large)
		case got != 3 || isDone:
			t.Fatalf("there are %d plays; was it done? %v", got, isDone)
		}
		if got := k.waits(); got != 1 {
			t.Fatalf("waiting are %d, want 1", got)
		}
	}
	t.Logf("killed %d, of which %d were done; a restore takes %s", kills, done, takes)
	k.store("d") // it can be served
	if strings.Join(names(t, k.dir), " ") == "" || len(k.titles()) != 4 {
		t.Errorf("in the end there are %q", k.titles())
	}
}
