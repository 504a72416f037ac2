package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// TestMariaDBDump dumps the database of a running service and restores it by the
// handbook's commands. It also copies what waits in the journal while the database is
// away, and what nobody understood, and puts both back after the disk was lost.
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

	server.Stop()
	mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, "Waits", time.Now()), http.StatusNoContent)
	mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", `"nobody understands this"`, http.StatusBadRequest)
	journal := filepath.Join(bin, strings.ReplaceAll(a.address+"/"+name, "/", "-")+".journal") // see launch
	refused := strings.TrimSuffix(journal, ".journal") + ".refused"
	backup := t.TempDir()
	copied := func(lines string) {
		t.Helper()
		lines = strings.NewReplacer("sudo ", "", "/backup", backup,
			"/var/lib/aura-engine-api/engine-api.journal", journal, "/var/lib/aura-engine-api/engine-api.refused", refused).Replace(lines)
		if out, err := exec.CommandContext(t.Context(), "bash", "-e", "-c", lines).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", lines, err, out)
		}
	}
	copied(book.command(t, `sudo sqlite3 .*`))
	copied(book.command(t, `sudo cp -r .*engine-api\.refused .*`))
	s.signal(t, syscall.SIGKILL)
	for _, lost := range []string{journal, journal + "-wal", journal + "-shm", refused} {
		if err := os.RemoveAll(lost); err != nil {
			t.Fatal(err)
		}
	}
	mustSh(t, "cp -a "+backup+"/engine-api.journal "+journal+" && cp -a "+backup+"/"+filepath.Base(refused)+" "+refused)
	server.Restart(t)
	s = launch(t, dir, "engine-api", "mysql://"+name+":"+passwordInURL+"@"+a.address+"/"+name)
	t.Cleanup(func() { s.end(t) })
	awaitReady(t, s.url, s.exited)
	eventually(t, func() error {
		titles := mustCall(t, http.MethodGet, s.url+all, "", http.StatusOK)
		if n := strings.Count(titles, `"Waits"`); n != 1 {
			return fmt.Errorf("what waited is there %d times", n)
		}
		return nil
	})
	if kept, err := os.ReadDir(refused); err != nil || len(kept) == 0 {
		t.Errorf("what nobody understood: %v, %v", kept, err)
	}
}
