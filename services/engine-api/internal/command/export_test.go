package command

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"aura.radio/engine/pkg/cli"
)

// TestExport: the plays of a running service are exported, and imported into another
// one, which then exports the same.
func TestExport(t *testing.T) {
	t.Parallel()
	first, second := database(t), database(t)
	from, to := serve(t, first), serve(t, second)
	from.Await(http.StatusOK, http.MethodGet, "/readyz", "") // before, the journal would have them
	for _, body := range []string{`{"track_title": "a", "track_duration": "long"}`, `{"track_title": "b"}`} {
		from.Await(http.StatusNoContent, http.MethodPost, "/api/v1/playlog", body)
	}
	to.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	files := []string{filepath.Join(t.TempDir(), "plays.csv"), filepath.Join(t.TempDir(), "plays.csv")}
	for _, c := range []struct {
		environ map[string]string
		args    []string
		out     string
	}{
		{first, []string{"export", files[0]}, "exported: 2\n"},
		{second, []string{"import", files[0], "--service", to.URL}, "stored: 2, wrong: 0\n"},
		{second, []string{"export", files[1]}, "exported: 2\n"},
	} {
		if code, out, errOut := run(t, c.environ, c.args...); code != cli.ExitOK || out != c.out {
			t.Fatalf("%v: %d %s %s", c.args, code, out, errOut)
		}
	}
	var exported [2]string
	for i, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		exported[i] = string(content)
	}
	if exported[0] != exported[1] {
		t.Errorf("exported are\n%s\nand then\n%s", exported[0], exported[1])
	}
}
