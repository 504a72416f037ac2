package repotest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sys/unix"
)

// The account that URLs name, and the prefix of the servers' directories. The
// id of the process that started the server follows the prefix.
const (
	testUser     = "aura"
	testPassword = "not/so:s3cret@all"
	dirPrefix    = "aura-mariadb-"
)

// Server is a private MariaDB server with its default durability. It belongs to
// the process that started it and ends with it.
//
// Stop, Kill, Pause and Start disturb every user of the server. A test that
// calls them must not be parallel, and must leave the server running.
type Server struct {
	dir        string
	port       int
	credential *syscall.Credential // the user it runs as; nil: the user of this process
	// These are for a node of a cluster: options of the server, options for its
	// next start only, and a query that fails until the node takes part.
	options, once []string
	ready         string

	// The database that is copied, see MigratedURL, and the statements that copy it.
	template    sync.Once
	templateErr error
	copying     func(name string) []string

	mu        sync.Mutex
	databases int
	process   *os.Process
	ended     chan struct{} // closed when process ended
}

// StartMariaDB installs a server into a directory of its own and starts it. End
// the server with Close. Error: ErrNotInstalled.
func StartMariaDB(ctx context.Context) (*Server, error) {
	removeLeftovers()
	dir, err := newServerDir()
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir}
	err = s.prepare(ctx)
	if err == nil {
		err = s.startOnFreePort(ctx)
	}
	if err == nil {
		err = s.createUser(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start MariaDB: %w", err), s.Close())
	}
	return s, nil
}

func newServerDir() (string, error) {
	return os.MkdirTemp("", fmt.Sprintf("%s%d-", dirPrefix, os.Getpid()))
}

// Close ends the server and removes its directory.
func (s *Server) Close() error {
	s.Kill()
	return os.RemoveAll(s.dir)
}

// removeLeftovers removes the directories of processes that ended without
// removing them.
func removeLeftovers() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), dirPrefix+"*"))
	for _, dir := range dirs {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), dirPrefix), "-")
		if n, err := strconv.Atoi(pid); err == nil && errors.Is(syscall.Kill(n, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir) // best effort: it may be another user's
		}
	}
}

func (s *Server) prepare(ctx context.Context) error {
	if err := s.chooseUser(); err != nil {
		return err
	}
	return install(ctx, s.data(), func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.credential}
		// A server that starts deletes the temporary tables of other servers.
		cmd.Env = append(os.Environ(), "TMPDIR="+s.dir)
	})
}

// prepareEmpty is prepare without installing anything.
func (s *Server) prepareEmpty() error {
	if err := s.chooseUser(); err != nil {
		return err
	}
	if err := os.Mkdir(s.data(), 0o700); err != nil || s.credential == nil {
		return err
	}
	return os.Chown(s.data(), int(s.credential.Uid), int(s.credential.Gid))
}

func (s *Server) chooseUser() error {
	if os.Geteuid() == 0 { // MariaDB refuses to run as root
		return s.becomeUser("mysql")
	}
	return nil
}

func (s *Server) becomeUser(name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotInstalled, err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return err
	}
	s.credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(s.dir, int(uid), int(gid))
}

func (s *Server) data() string   { return filepath.Join(s.dir, "data") }
func (s *Server) socket() string { return filepath.Join(s.dir, "s") } // such paths are short
func (s *Server) errors() string { return filepath.Join(s.dir, "error.log") }

// startOnFreePort tries another port if another process took the port first.
func (s *Server) startOnFreePort(ctx context.Context) error {
	var err error
	for range 3 {
		if s.port, err = FreePort(); err != nil {
			return err
		}
		if err = s.Start(ctx); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// FreePort is a port of the loopback address on which nobody listens. Connections of
// other programs do not take it meanwhile: theirs are above 32767.
func FreePort() (port int, err error) {
	for range 100 {
		port = 10_000 + rand.IntN(22_000)
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, l.Close()
		}
	}
	return 0, err
}

// Start starts a server that was stopped or killed, on the same port, and
// returns when it answers. It does nothing while the server runs.
func (s *Server) Start(ctx context.Context) error {
	if s.running() {
		return nil
	}
	program, err := exec.LookPath("mariadbd")
	if err != nil {
		return ErrNotInstalled
	}
	options := []string{"--no-defaults", "--datadir=" + s.data(),
		"--bind-address=127.0.0.1", "--port=" + strconv.Itoa(s.port), "--socket=" + s.socket(),
		"--pid-file=" + filepath.Join(s.dir, "pid"), "--log-error=" + s.errors(),
		"--tmpdir=" + s.dir, "--skip-name-resolve", "--max-connections=500"}
	cmd := exec.Command(program, slices.Concat(options, s.options, s.once)...)
	s.once = nil
	// The user is set here and not by --user, because changing the user would
	// make the kernel forget Pdeathsig.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.credential, Pdeathsig: syscall.SIGKILL}
	started, ended := make(chan error), make(chan struct{})
	go func() {
		// Pdeathsig is sent when the thread dies, so the thread must live as
		// long as the server.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // the reason for its end is in its log
			close(ended)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.mu.Lock()
	s.process, s.ended = cmd.Process, ended
	s.mu.Unlock()
	return s.awaitReady(ctx, ended)
}

func (s *Server) running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process != nil
}

// PID is the number of the server's process, 0 if it does not run.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0
	}
	return s.process.Pid
}

func (s *Server) awaitReady(ctx context.Context, ended <-chan struct{}) error {
	db, err := s.asRoot()
	if err != nil {
		return err
	}
	defer db.Close()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		err := db.PingContext(ctx)
		if err == nil && s.ready != "" {
			_, err = db.ExecContext(ctx, s.ready)
		}
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-ended:
			s.Kill() // clear the state of the ended process
			log, _ := os.ReadFile(s.errors())
			return fmt.Errorf("mariadbd ended: %s", log)
		case <-ctx.Done():
			return fmt.Errorf("mariadbd does not answer: %w", err)
		}
	}
}

// Kill ends the server at once, as a power failure would.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Stop shuts the server down in an orderly way.
func (s *Server) Stop() { s.end(syscall.SIGTERM) }

// Pause makes the server stop answering, without closing a connection, as a
// hung host does, until Resume. It returns when every thread has stopped: until
// then, one of them may still answer.
func (s *Server) Pause() {
	s.signal(syscall.SIGSTOP)
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.process != nil {
		if !errors.Is(unix.Waitid(unix.P_PID, s.process.Pid, nil, unix.WSTOPPED, nil), unix.EINTR) {
			return // it has stopped, or has ended by itself
		}
	}
}

// Resume ends a Pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		_ = s.process.Signal(sig) // it may have ended by itself
	}
}

func (s *Server) end(how syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return
	}
	_ = s.process.Signal(how) // it may have ended by itself
	<-s.ended
	s.process = nil
}

// DSN returns the name of a database for database/sql with the driver "mysql".
func (s *Server) DSN(database string) string { return s.config(database).FormatDSN() }

func (s *Server) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

func (s *Server) config(database string) *mysql.Config {
	c := mysql.NewConfig()
	c.User, c.Passwd = testUser, testPassword
	c.Net, c.Addr = "tcp", s.address()
	c.DBName = database
	return c
}

func (s *Server) asRoot() (*sql.DB, error) {
	c := mysql.NewConfig()
	c.User, c.Net, c.Addr = "root", "unix", s.socket()
	c.Logger = &mysql.NopLogger{} // a starting server refuses connections, and that need not be logged
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

func (s *Server) createUser(ctx context.Context) error {
	return s.Exec(ctx,
		fmt.Sprintf("CREATE USER %s@'127.0.0.1' IDENTIFIED BY '%s'", testUser, testPassword),
		fmt.Sprintf("GRANT ALL ON *.* TO %s@'127.0.0.1'", testUser))
}

// CreateDatabase creates an empty database and returns its URL.
func (s *Server) CreateDatabase(ctx context.Context, name string) (string, error) {
	if err := s.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", fmt.Errorf("create database %s: %w", name, err)
	}
	u := url.URL{
		Scheme: "mysql", User: url.UserPassword(testUser, testPassword),
		Host: s.address(), Path: name,
	}
	return u.String(), nil
}

// Exec executes statements as the server's administrator.
func (s *Server) Exec(ctx context.Context, statements ...string) error {
	db, err := s.asRoot()
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
