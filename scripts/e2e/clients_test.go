package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// workshop is a folder with other people's tools, at the versions that
// testdata/clients names.
type workshop string

// openWorkshop installs the tools until the test ends. It skips the test if
// node is missing, or the internet.
func openWorkshop(t *testing.T) workshop {
	t.Helper()
	for _, program := range []string{"node", "npm", "go"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed")
		}
	}
	w := workshop(t.TempDir())
	if err := os.CopyFS(string(w), os.DirFS("testdata/clients")); err != nil {
		t.Fatal(err)
	}
	w.install(t, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	w.install(t, "go", "mod", "download")
	return w
}

// unreachable is what npm and go write if there is no way to the registry.
var unreachable = regexp.MustCompile(`ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|dial tcp|i/o timeout|TLS handshake timeout`)

// install runs a command that may need the internet.
func (w workshop) install(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := w.try(t, name, args...)
	switch {
	case err == nil:
	case unreachable.Match(out):
		t.Skipf("the registry of %s can't be reached", name)
	default:
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// run runs a command, which must succeed.
func (w workshop) run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := w.try(t, name, args...); err != nil {
		t.Errorf("%s %v: %v\n%s", name, args, err, out)
	}
}

// npm runs a program of a package.
func (w workshop) npm(t *testing.T, name string, args ...string) {
	t.Helper()
	w.run(t, filepath.Join(string(w), "node_modules/.bin", name), args...)
}

func (w workshop) try(t *testing.T, name string, args ...string) ([]byte, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = string(w)
	cmd.Env = environment("GOWORK=off", "CGO_ENABLED=0", "CI=true", "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
	return cmd.CombinedOutput()
}

// save keeps the document that a service serves, and returns the file's name.
func (w workshop) save(t *testing.T, s *service) string {
	t.Helper()
	file := s.program + ".json"
	document := mustCall(t, http.MethodGet, s.url+"/api/v1/openapi.json", "", http.StatusOK)
	if err := os.WriteFile(filepath.Join(string(w), file), []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestForeignClients: other people's linters find no mistake in the OpenAPI
// documents, and clients that other people's generators make from them work.
func TestForeignClients(t *testing.T) {
	t.Parallel()
	w, dir := openWorkshop(t), t.TempDir()
	database := func(program string) string { return "sqlite://" + filepath.Join(dir, program+".db") }
	engineAPI := startService(t, database("engine-api"))
	documents := []string{w.save(t, engineAPI)}
	for program, env := range map[string][]string{
		"sync-node":      {"AURA_MAIN_HOST_1=" + engineAPI.url},
		"status-monitor": {"AURA_SYNC_HOST=" + engineAPI.url, "AURA_SOURCE_1=" + freeUDPAddress(t), "AURA_HEARTBEAT_LISTEN=127.0.0.1:0"},
	} {
		s := launch(t, dir, program, database(program), env...)
		t.Cleanup(func() { s.end(t) })
		awaitReady(t, s.url, s.exited)
		documents = append(documents, w.save(t, s))
	}
	w.npm(t, "redocly", append([]string{"lint", "--config=redocly.yaml"}, documents...)...)
	w.npm(t, "spectral", append([]string{"lint", "--ruleset=spectral.yaml", "--fail-severity=warn"}, documents...)...)

	document := documents[0]
	w.npm(t, "openapi-typescript", document, "-o", "ts/openapi-typescript.gen.ts")
	w.npm(t, "swagger-typescript-api", "generate", "-p", document, "-o", "ts", "-n", "swagger-typescript-api.gen.ts")
	w.npm(t, "tsc", "-p", "ts")
	for _, folder := range []string{"oapi/api", "ogen/api"} {
		if err := os.Mkdir(filepath.Join(string(w), folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.run(t, "go", "tool", "oapi-codegen", "-config", "oapi-codegen.yaml", "-o", "oapi/api/api.go", document)
	w.run(t, "go", "tool", "ogen", "-config", "ogen.yaml", "-target", "ogen/api", "-package", "api", document)
	w.run(t, "go", "build", "-o", "bin/", "./oapi", "./ogen")

	start := time.Now().UTC().Add(-time.Hour)
	for n, client := range [][]string{
		{"node", "ts/openapi-typescript.js"}, {"node", "ts/swagger-typescript-api.js"},
		{filepath.Join(string(w), "bin/oapi")}, {filepath.Join(string(w), "bin/ogen")},
	} {
		title := fmt.Sprint("by client ", n)
		w.run(t, client[0], append(client[1:], engineAPI.url+"/api/v1", title, start.Add(time.Duration(n)*time.Minute).Format("2006-01-02T15:04:05Z"))...)
		if titles(t, engineAPI.url)[title] != 1 {
			t.Errorf("%v: no play is stored", client)
		}
	}
}
