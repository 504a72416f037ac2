package e2e

import (
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// TestMariaDBDump dumps the database of a running service and restores it by the
// handbook's commands.
func TestMariaDBDump(t *testing.T) {
	t.Parallel()
	server := privateMariaDB(t) // the users of the handbook have fixed names
	config, err := mysql.ParseDSN(server.DSN(""))
	if err != nil {
		t.Fatal(err)
	}
	a := administration{socket: socketOf(t, server), address: config.Addr}
	book, dir := openDocument(t, tree+"/"+handbook), t.TempDir()
	run := func(lines string) {
		t.Helper()
		for _, program := range []string{"mariadb-dump", "mariadb"} {
			lines = strings.ReplaceAll(lines, "sudo "+program+" ", program+" --no-defaults --socket="+a.socket+" --user=root ")
		}
		cmd := exec.CommandContext(t.Context(), "bash", "-e", "-o", "pipefail", "-c", lines)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", lines, err, out)
		}
	}

	s := a.install(t, "engine-api", "")
	a.records(t, s)
	run(book.command(t, `sudo mariadb-dump .*`)) // the service goes on
	const all = "/api/v1/playlog?limit=100"
	before := mustCall(t, http.MethodGet, s.url+all, "", http.StatusOK)
	mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, "Later", time.Now()), http.StatusNoContent)
	s.signal(t, syscall.SIGTERM)
	run(book.command(t, `sudo mariadb -e 'DROP DATABASE .*`))
	run(book.command(t, `gunzip < .*`))

	const name = "aura_engine_api"
	s = launch(t, dir, "engine-api", "mysql://"+name+":"+passwordInURL+"@"+a.address+"/"+name)
	t.Cleanup(func() { s.end(t) })
	awaitReady(t, s.url, s.exited)
	if after := mustCall(t, http.MethodGet, s.url+all, "", http.StatusOK); after != before {
		t.Errorf("restored is\n%s\nand dumped was\n%s", after, before)
	}
	mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, "Later", time.Now()), http.StatusNoContent)
}
