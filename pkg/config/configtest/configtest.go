// Package configtest holds the README to what the configuration structs say. It
// promises that a variable which the README's table does not show as it is
// fails a test.
package configtest

import (
	"flag"
	"os"
	"strings"
	"testing"

	"aura.radio/engine/pkg/config"
)

var update = flag.Bool("update", false, "write the README's configuration table")

// Table fails where the README's table of a service is not what the struct that
// of points to says. With -update it writes it, between the lines
// <!-- configuration: service --> and <!-- /configuration -->.
func Table(t *testing.T, readme, service string, of any) {
	t.Helper()
	begin, end := "<!-- configuration: "+service+" -->\n", "<!-- /configuration -->"
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	table, after, foundEnd := strings.Cut(rest, end)
	if !found || !foundEnd {
		t.Fatalf("the README has no place for the configuration table of %s", service)
	}
	want := config.Table(of)
	if *update {
		if err := os.WriteFile(readme, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if table != want {
		t.Errorf("the README's configuration table is out of date; `go test ./internal/config -update` writes it:\n%s", want)
	}
}
