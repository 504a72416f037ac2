package e2e

import (
	"database/sql"
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

// TestCreateDatabase runs deploy/mariadb/create-database.sql as an
// administrator does, and then the service as the users that it made.
func TestCreateDatabase(t *testing.T) {
	t.Parallel()
	server := repotest.MariaDB(t)
	config, err := mysql.ParseDSN(server.DSN(""))
	if err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(config.Addr)
	if err != nil {
		t.Fatal(err)
	}
	socket := socketOf(t, server)

	// admin runs what somebody types, who goes on after a mistake; client runs
	// one statement. Both return what was printed.
	admin := func(lines string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "mariadb", "--no-defaults", "--force", "--socket="+socket, "--user=root")
		cmd.Stdin = strings.NewReader(lines)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	client := func(user, password, sql string) (string, error) {
		out, err := exec.CommandContext(t.Context(), "mariadb", "--no-defaults", "--host="+host, "--port="+port,
			"--user="+user, "--password="+password, "aura_engine_api", "-e", sql).CombinedOutput()
		return string(out), err
	}
	script := "\nSOURCE " + filepath.Join(tree, "deploy/mariadb/create-database.sql") + "\n"

	for _, set := range []string{
		"",
		"SET @aura_password = 'rather long, this one';",
		"SET @aura_password = 'short', @aura_migrate_password = 'another that is long';",
		"SET @aura_password = 'rather long, this one', @aura_migrate_password = 'rather long, this one';",
	} {
		if out, _ := admin(set + script); !strings.Contains(out, "first SET @aura_password") {
			t.Errorf("with %q: %s", set, out)
		}
	}
	if out, err := admin("SELECT user FROM mysql.user WHERE user LIKE 'aura_engine%';"); err != nil || out != "" {
		t.Fatalf("what was refused made users: %v %s", err, out)
	}

	const password, migratePassword = `it's "quoted" \ and long`, "migrate/with:special@signs"
	set := "SET @aura_host = '127.0.0.1', @aura_password = 'it''s \"quoted\" \\\\ and long', @aura_migrate_password = '" + migratePassword + "';"
	for range 2 { // running it again does no harm
		if out, err := admin(set + script); err != nil || out != "" {
			t.Fatalf("%v: %s", err, out)
		}
	}

	const user, migrateUser = "aura_engine_api", "aura_engine_api_migrate"
	url := func(user, escapedPassword string) string {
		return "mysql://" + user + ":" + escapedPassword + "@" + config.Addr + "/aura_engine_api"
	}
	engineAPI := func(database string, args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "engine-api"), args...)
		cmd.Env = environment("AURA_DATABASE_URL=" + database)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	serviceURL := url(user, "it%27s%20%22quoted%22%20%5C%20and%20long")
	migrateURL := url(migrateUser, "migrate%2Fwith%3Aspecial%40signs")

	if out, err := engineAPI(serviceURL, "migrate", "up"); err == nil {
		t.Errorf("the service's user may change the schema: %s", out)
	}
	for _, args := range []string{"up", "down", "up", "status"} {
		if out, err := engineAPI(migrateURL, "migrate", args); err != nil {
			t.Fatalf("migrate %s: %v\n%s", args, err, out)
		}
	}
	if out, err := engineAPI(serviceURL, "migrate", "status"); err != nil {
		t.Errorf("the service's user cannot read the schema's version: %v\n%s", err, out)
	}

	s := startService(t, serviceURL)
	title := "Fade Into You"
	body := play(t, title, time.Now())
	for range 2 { // the second one meets the first
		mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", body, http.StatusNoContent)
	}
	mustCall(t, http.MethodPut, s.url+"/api/v1/clock", `{"engine_source": 1}`, http.StatusNoContent)
	mustCall(t, http.MethodPut, s.url+"/api/v1/source/health/1", `{"is_healthy": true}`, http.StatusNoContent)
	mustCall(t, http.MethodPut, s.url+"/api/v1/source/active/2", `{}`, http.StatusNoContent)
	mustCall(t, http.MethodPost, s.url+"/api/v1/playlog/1/corrections",
		`{"kind": "void", "by": "M. Tester", "reason": "never played"}`, http.StatusCreated)

	for _, forbidden := range []string{"DELETE FROM playlog", "DROP TABLE playlog", "CREATE TABLE mine (id INT)", "TRUNCATE correction"} {
		if out, err := client(user, password, forbidden); err == nil || !strings.Contains(out, "denied") {
			t.Errorf("%s as the service's user: %v %s", forbidden, err, out)
		}
	}
	if out, err := client(migrateUser, migratePassword, "SELECT * FROM mysql.user"); err == nil {
		t.Errorf("the migrating user reads other databases: %s", out)
	}
}

// socketOf is where administrators reach the server.
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
