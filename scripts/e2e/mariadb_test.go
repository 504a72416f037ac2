package e2e

import (
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aura.radio/engine/pkg/repo/repotest"
)

// TestCreateDatabase runs deploy/mariadb/create-database.sql as an administrator
// does. Then it runs the services as the users that the script made.
func TestCreateDatabase(t *testing.T) {
	t.Parallel()
	server := repotest.MariaDB(t)
	config, err := mysql.ParseDSN(server.DSN(""))
	if err != nil {
		t.Fatal(err)
	}
	a := administration{socket: socketOf(t, server), address: config.Addr}

	for _, set := range []string{
		"",
		"SET @aura_password = 'rather long, this one';",
		"SET @aura_password = 'short', @aura_migrate_password = 'another that is long';",
		"SET @aura_password = 'rather long, this one', @aura_migrate_password = 'rather long, this one';",
	} {
		if out, _ := a.create(t, set); !strings.Contains(out, "first SET @aura_password") {
			t.Errorf("with %q: %s", set, out)
		}
	}
	const good = "SET @aura_password = 'rather long, this one', @aura_migrate_password = 'another that is long';"
	if out, _ := a.create(t, "SET @aura_service = 'mysql';"+good); !strings.Contains(out, "@aura_service must be") {
		t.Errorf("for a service that is none: %s", out)
	}
	for _, name := range []string{"a_b", "Web", "web-2", "x`.* TO root;"} {
		if out, _ := a.create(t, "SET @aura_instance = '"+name+"';"+good); !strings.Contains(out, "@aura_instance must have") {
			t.Errorf("for the instance %s: %s", name, out)
		}
	}
	if out, err := a.admin(t, "SELECT user FROM mysql.user WHERE user LIKE 'aura\\_%';"); err != nil || out != "" {
		t.Fatalf("what was refused made users: %v %s", err, out)
	}

	t.Run("engine-api", func(t *testing.T) {
		s := a.install(t, "engine-api", "")
		a.records(t, s)
		a.forbids(t, "aura_engine_api", "DELETE FROM playlog", "DELETE FROM onair", "DROP TABLE playlog",
			"CREATE TABLE mine (id INT)", "CREATE TABLE parked2 (id INT)", "DROP TABLE parked", "TRUNCATE correction")
		if out, err := a.client(t, "aura_engine_api", "DELETE FROM parked; DELETE FROM session"); err != nil {
			t.Errorf("the service cannot forget what the sync node refused, or who is signed in: %v %s", err, out)
		}
		a.purges(t, s, "engine-api")
	})
	t.Run("Instance", func(t *testing.T) {
		if out, err := a.create(t, "SET @aura_instance = 'web';"+setPasswords); err != nil || out != "" {
			t.Fatalf("%v: %s", err, out)
		}
		a.forbids(t, "aura_engine_api_web", "SELECT * FROM aura_engine_api.playlog")
		a.forbids(t, "aura_engine_api", "SELECT * FROM aura_engine_api_web.playlog")
		if out, err := a.client(t, "aura_engine_api_web", "SHOW TABLES"); err != nil {
			t.Errorf("an instance does not reach its own database: %v %s", err, out)
		}
	})
	t.Run("status-monitor", func(t *testing.T) {
		syncNode := launch(t, t.TempDir(), "sync-node", "sqlite://"+filepath.Join(t.TempDir(), "sync.db"))
		t.Cleanup(func() { syncNode.end(t) })
		awaitReady(t, syncNode.url, syncNode.exited)
		s := a.install(t, "status-monitor", "SET @aura_service = 'status_monitor';",
			"AURA_SYNC_HOST="+syncNode.url, "AURA_SOURCE_1=127.0.0.1", "AURA_HEARTBEAT_LISTEN="+freeUDPAddress(t))
		decides(t, s, syncNode)
		// The monitor stored what it learned; at its first start nothing was
		// there.
		if out, err := a.client(t, "aura_status_monitor", "SELECT body FROM note WHERE name = 'authority'"); err != nil || !strings.Contains(out, `"pinned":true`) {
			t.Errorf("the monitor remembers %s (%v)", out, err)
		}
		a.forbids(t, "aura_status_monitor", "DELETE FROM delivery", "DELETE FROM note", "DELETE FROM session", "DROP TABLE delivery", "CREATE TABLE mine (id INT)")
	})
	t.Run("sync-node", func(t *testing.T) {
		s := a.install(t, "sync-node", "SET @aura_service = 'sync_node';")
		a.records(t, s)
		// The switch cut the title, so the on-air log was derived again. The same
		// happens when an earlier switch becomes known.
		mustCall(t, http.MethodPut, s.url+"/api/v1/source/active/1", fmt.Sprintf(`{"at": %q}`,
			time.Now().Add(-30*time.Second).UTC().Format(time.RFC3339)), http.StatusNoContent)
		a.forbids(t, "aura_sync_node", "DELETE FROM playlog", "DELETE FROM activation", "DELETE FROM lease",
			"DELETE FROM onair_day", "DROP TABLE onair", "CREATE TABLE mine (id INT)", "TRUNCATE onair")
		a.purges(t, s, "sync-node")
		if out, err := a.client(t, "aura_sync_node", "DELETE FROM onair; DELETE FROM onair_rule; DELETE FROM changed; DELETE FROM parked; DELETE FROM session"); err != nil {
			t.Errorf("the service cannot write its on-air log anew: %v %s", err, out)
		}
	})
}

// purges lets a person purge plays: that is refused until the database's user may
// delete them.
func (a administration) purges(t *testing.T, s *service, program string) {
	t.Helper()
	name := "aura_" + strings.ReplaceAll(program, "-", "_")
	mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, "Old", time.Date(2015, 6, 27, 12, 0, 0, 0, time.UTC)), http.StatusNoContent)
	purge := func() (string, error) {
		cmd := exec.CommandContext(t.Context(), filepath.Join(bin, program), "purge", "plays", "--before", "2016-01-01", "--reason", "old")
		cmd.Env = environment("AURA_DATABASE_URL=mysql://"+name+":"+passwordInURL+"@"+a.address+"/"+name, "AURA_STATION_TIMEZONE=Europe/Vienna")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := purge(); err == nil || !strings.Contains(out, "denied") {
		t.Errorf("purge without the right: %v %s", err, out)
	}
	if out, err := a.client(t, name, "SELECT * FROM purged_plays"); err != nil || out != "" {
		t.Errorf("it is decided: %v %s", err, out)
	}
	if out, err := a.create(t, "SET @aura_purge = 1, @aura_service = '"+strings.ReplaceAll(program, "-", "_")+"';"+setPasswords); err != nil || out != "" {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := purge(); err != nil || !strings.Contains(out, "2015-06        1") {
		t.Errorf("purge: %v %s", err, out)
	}
}

// decides lets the monitor of that database learn who is active.
func decides(t *testing.T, monitor *service, syncNode *service) {
	t.Helper()
	mustCall(t, http.MethodPut, syncNode.url+"/api/v1/source/active/2?pin=true", `{"by": "M. Tester"}`, http.StatusNoContent)
	eventually(t, func() error {
		status := mustCall(t, http.MethodGet, monitor.url+"/status", "", http.StatusOK)
		if !strings.Contains(status, `"pinned":true`) {
			return fmt.Errorf("the monitor says %s", status)
		}
		return nil
	})
}

// administration gives access to one database server.
type administration struct{ socket, address string }

const (
	password        = `it's "quoted" \ and long`
	passwordInURL   = "it%27s%20%22quoted%22%20%5C%20and%20long"
	setPasswords    = `SET @aura_host = '127.0.0.1', @aura_password = 'it''s "quoted" \\ and long', @aura_migrate_password = '` + migratePassword + `';`
	migratePassword = "migrate/with:special@signs"
	migrateInURL    = "migrate%2Fwith%3Aspecial%40signs"
)

// admin runs lines that somebody types who continues after a mistake. It returns
// what was printed.
func (a administration) admin(t *testing.T, lines string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "mariadb", "--no-defaults", "--force", "--socket="+a.socket, "--user=root")
	cmd.Stdin = strings.NewReader(lines)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// create runs the script after the settings in set.
func (a administration) create(t *testing.T, set string) (string, error) {
	t.Helper()
	return a.admin(t, set+"\nSOURCE "+filepath.Join(tree, "deploy/mariadb/create-database.sql")+"\n")
}

// client runs statements as a user of a service's database. The service's own user
// has the same name as the database.
func (a administration) client(t *testing.T, database, statements string) (string, error) {
	t.Helper()
	return a.clientAs(t, database, password, database, statements)
}

func (a administration) clientAs(t *testing.T, user, password, database, statements string) (string, error) {
	t.Helper()
	host, port, err := net.SplitHostPort(a.address)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "mariadb", "--no-defaults", "--host="+host, "--port="+port,
		"--user="+user, "--password="+password, database, "-e", statements).CombinedOutput()
	return string(out), err
}

// install makes a service's database, updates its schema and runs the service.
func (a administration) install(t *testing.T, program, set string, env ...string) *service {
	t.Helper()
	for range 2 { // running it again does no harm
		if out, err := a.create(t, set+setPasswords); err != nil || out != "" {
			t.Fatalf("%v: %s", err, out)
		}
	}
	name := "aura_" + strings.ReplaceAll(program, "-", "_")
	serviceURL := "mysql://" + name + ":" + passwordInURL + "@" + a.address + "/" + name
	migrateURL := "mysql://" + name + "_migrate:" + migrateInURL + "@" + a.address + "/" + name
	run := func(database string, args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), filepath.Join(bin, program), args...)
		cmd.Env = environment(append(env, "AURA_DATABASE_URL="+database)...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run(serviceURL, "migrate", "up"); err == nil {
		t.Errorf("the service's user may change the schema: %s", out)
	}
	for _, args := range []string{"up", "down", "up", "status"} {
		if out, err := run(migrateURL, "migrate", args); err != nil {
			t.Fatalf("migrate %s: %v\n%s", args, err, out)
		}
	}
	if out, err := run(serviceURL, "migrate", "status"); err != nil {
		t.Errorf("the service's user cannot read the schema's version: %v\n%s", err, out)
	}
	if out, err := a.clientAs(t, name+"_migrate", migratePassword, name, "SELECT * FROM mysql.user"); err == nil {
		t.Errorf("the migrating user reads other databases: %s", out)
	}
	s := launch(t, t.TempDir(), program, serviceURL, env...)
	t.Cleanup(func() { s.end(t) })
	awaitReady(t, s.url, s.exited)
	return s
}

// records stores one record of each kind.
func (a administration) records(t *testing.T, s *service) {
	t.Helper()
	body := play(t, "Fade Into You", time.Now().Add(-time.Minute))
	for range 2 { // the second one meets the first
		mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", body, http.StatusNoContent)
	}
	mustCall(t, http.MethodPut, s.url+"/api/v1/clock", `{"engine_source": 1}`, http.StatusNoContent)
	mustCall(t, http.MethodPut, s.url+"/api/v1/source/health/1", `{"is_healthy": true}`, http.StatusNoContent)
	mustCall(t, http.MethodPut, s.url+"/api/v1/source/active/2", `{}`, http.StatusNoContent)
	mustCall(t, http.MethodPost, s.url+"/api/v1/playlog/1/corrections",
		`{"kind": "void", "by": "M. Tester", "reason": "never played"}`, http.StatusCreated)
}

// forbids checks that a service's user may execute none of the statements.
func (a administration) forbids(t *testing.T, user string, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if out, err := a.client(t, user, statement); err == nil || !strings.Contains(out, "denied") {
			t.Errorf("%s as %s: %v %s", statement, user, err, out)
		}
	}
}

// socketOf is the socket at which administrators reach the server.
func socketOf(t *testing.T, server *repotest.Server) string {
	t.Helper()
	db, err := sql.Open("mysql", server.DSN(""))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var socket string
	if err := db.QueryRowContext(t.Context(), "SELECT @@socket").Scan(&socket); err != nil {
		t.Fatal(err)
	}
	return socket
}
