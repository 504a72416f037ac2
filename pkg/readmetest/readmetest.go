// Package readmetest compares a service's README with its code. It promises that
// a variable or a metric which the README does not show as it is fails a test.
package readmetest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/lifecycle"
)

var update = flag.Bool("update", false, "write the README's table")

// Configuration fails if the README's table of variables differs from the struct
// that of points to. The table stands between <!-- configuration --> and
// <!-- /configuration -->; with -update the test writes it.
func Configuration(t *testing.T, readme string, of any) {
	t.Helper()
	table(t, readme, "configuration", config.Table(of))
}

// Metrics fails if the README's table of metrics differs from what is
// registered. The table stands between <!-- metrics --> and <!-- /metrics -->;
// with -update the test writes it.
func Metrics(t *testing.T, readme string, registered prometheus.Collector) {
	t.Helper()
	metrics, err := describe(registered)
	if err != nil {
		t.Fatal(err)
	}
	table(t, readme, "metrics", metrics)
}

// Service is Metrics for a service, which is configured by environ and opens a
// new database. base is the part of it that has the registry.
func Service[C, S any](t *testing.T, readme string, environ map[string]string, load func(map[string]string) (C, error),
	open func(cfg C, version string, log zerolog.Logger) (S, error), base func(S) *lifecycle.Service,
) {
	t.Helper()
	environ["AURA_DATABASE_URL"] = "sqlite://" + filepath.Join(t.TempDir(), "database")
	cfg, err := load(environ)
	if err != nil {
		t.Fatal(err)
	}
	s, err := open(cfg, "test", zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	Metrics(t, readme, base(s).Server.Registry())
	if err := base(s).Close(); err != nil {
		t.Error(err)
	}
}

// table compares the README's table of that name, or writes it.
func table(t *testing.T, readme, name, want string) {
	t.Helper()
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	got, after, foundEnd := strings.Cut(rest, end)
	if !found || !foundEnd {
		t.Fatalf("%s has no place for the table of %s", readme, name)
	}
	if *update {
		if err := os.WriteFile(readme, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("the table of %s in %s is out of date; `make generate` writes it:\n%s", name, readme, want)
	}
}
