package repotest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// requireMariaDB makes a missing server a failure instead of a skip.
const requireMariaDB = "AURA_TEST_REQUIRE_MARIADB"

// ErrNotInstalled says that there is no MariaDB server on this machine.
var ErrNotInstalled = errors.New("MariaDB is not installed (Debian: mariadb-server)")

var shared struct {
	sync.Mutex
	server *Server
	err    error
}

// MariaDB returns the private server of this test binary, which is started at
// the first call. If MariaDB is not installed, the test is skipped, or fails if
// AURA_TEST_REQUIRE_MARIADB=1.
func MariaDB(t testing.TB) *Server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), startTimeout())
		defer cancel()
		shared.server, shared.err = StartMariaDB(ctx)
	}
	if errors.Is(shared.err, ErrNotInstalled) && os.Getenv(requireMariaDB) != "1" {
		t.Skip(shared.err)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// Main runs the tests of a binary and removes the server afterwards. Without
// Main, the server still ends with the binary, and the next run removes the
// files that it left on the disk.
//
//	func TestMain(m *testing.M) { os.Exit(repotest.Main(m)) }
func Main(m *testing.M) (code int) {
	code = m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		if err := shared.server.Close(); err != nil {
			fmt.Fprintf(os.Stderr, "stop MariaDB: %v\n", err)
			code = max(code, 1)
		}
	}
	return code
}

// URL creates a new, empty database and returns its URL.
func (s *Server) URL(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout())
	defer cancel()
	created, err := s.CreateDatabase(ctx, s.newName())
	if err != nil {
		t.Fatal(err)
	}
	return created
}

func (s *Server) newName() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.databases++
	return fmt.Sprintf("test_%d", s.databases)
}

// CommonURL is URL with a user of that database alone: without the rights over
// the server that URL's user has, such as to write while it is read-only.
func (s *Server) CommonURL(t testing.TB) string {
	t.Helper()
	u, err := url.Parse(s.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	s.execute(t, fmt.Sprintf("CREATE USER %s@'127.0.0.1' IDENTIFIED BY '%s'", name, testPassword),
		fmt.Sprintf("GRANT ALL ON %s.* TO %s@'127.0.0.1'", name, name))
	u.User = url.UserPassword(name, testPassword)
	return u.String()
}

// SetReadOnly makes the server refuse the writes of users without special
// rights, until it is taken back or the test ends.
func (s *Server) SetReadOnly(t testing.TB, on bool) {
	t.Helper()
	s.execute(t, fmt.Sprintf("SET GLOBAL read_only = %t", on))
	if on {
		t.Cleanup(func() { s.execute(t, "SET GLOBAL read_only = false") })
	}
}

// LimitConnections lets the user of a CommonURL have at most n connections. Those
// that are open stay.
func (s *Server) LimitConnections(t testing.TB, commonURL string, n int) {
	t.Helper()
	u, err := url.Parse(commonURL)
	if err != nil {
		t.Fatal(err)
	}
	s.execute(t, fmt.Sprintf("ALTER USER %s@'127.0.0.1' WITH MAX_USER_CONNECTIONS %d", u.User.Username(), n))
}

func (s *Server) execute(t testing.TB, statements ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout())
	defer cancel()
	if err := s.Exec(ctx, statements...); err != nil {
		t.Fatal(err)
	}
}

// Restart starts a server that a test stopped or killed, with the databases
// that it had. It does nothing while the server runs.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout())
	defer cancel()
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
}

// install creates a data directory with the system tables.
func install(ctx context.Context, dir string, run func(*exec.Cmd)) error {
	program, err := exec.LookPath("mariadb-install-db")
	if err != nil {
		return ErrNotInstalled
	}
	cmd := exec.CommandContext(ctx, program, "--no-defaults", "--datadir="+dir,
		"--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve")
	run(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mariadb-install-db: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// startTimeout is the timeout for starting a server or a whole cluster.
func startTimeout() time.Duration { return patience.Stretch(3 * time.Minute) }
