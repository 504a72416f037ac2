package archive_test

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/cli/archive"
	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/handler/handlertest"
	"aura.radio/engine/pkg/lifecycle"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/stationtime"
)

func TestMain(m *testing.M) { os.Exit(repotest.Main(m)) }

type settings struct{ lifecycle.Config }

func (settings) Owner() model.Owner { return model.Owner{Service: model.EngineAPI} }

func open(cfg settings, log zerolog.Logger) (*repo.Node, error) {
	return repo.OpenExistingNode(cfg.Database, log)
}

// run runs a command line over a database, and beside a service.
func run(t *testing.T, database, service string, args ...string) (code int, out string) {
	t.Helper()
	var all bytes.Buffer
	program := cli.Program[settings]{
		Name: "service", Version: "1", Short: "Serves",
		Default: func(map[string]string) settings { return settings{} },
		Load: func(environ map[string]string) (cfg settings, _ error) {
			return cfg, config.Load(&cfg, environ)
		},
		Commands: func(env cli.Env[settings]) []*cobra.Command {
			zone := func(settings) *stationtime.Zone {
				zone, err := stationtime.Load("Europe/Vienna")
				if err != nil {
					t.Error(err)
				}
				return zone
			}
			return []*cobra.Command{archive.Export(env, open, zone), archive.Import(service)}
		},
	}
	code = program.Run(t.Context(), args, map[string]string{"AURA_DATABASE_URL": database, "AURA_DB_QUERY_TIMEOUT": "1m"}, &all, &all)
	return code, all.String()
}

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// fill stores plays of two sources with all that may be known of plays.
func fill(t *testing.T, db *repo.Node) {
	t.Helper()
	play := model.Entry{
		LogSource: 1, TrackStart: noon, Artist: "=Mazzy; 'Star", Album: "+", Title: "Größe 🎵, \"b\"", TrackNum: -2, TrackType: 9, Duration: 215500 * time.Millisecond,
		PlaylistID: 1, TimeslotID: 2, ShowID: 3, ShowName: "Nachtlicht", Composer: "a", Label: "b", ISRC: "c", MediaID: 501,
		ReceivedAt: noon.Add(time.Second), Doubts: model.NewDoubts(model.NewDoubt("track_num", "1,5", "is no number")),
	}
	voided := model.Entry{LogSource: 1, TrackStart: noon.Add(24 * time.Hour), Title: "b"}
	missed := model.Entry{LogSource: 7, TrackStart: noon.Add(48 * time.Hour), Title: "c", Manual: true}
	by := func(kind string, at int, changes model.Changes) model.Correction {
		return model.Correction{Kind: kind, At: noon.AddDate(0, 1, at), By: "M. Tester", Reason: "=was; wrong", Changes: changes}
	}
	records := []model.Record{
		{Entry: play, Corrections: []model.Correction{by(model.CorrectionAmend, 1, model.Changes{Title: new("d"), TrackStart: new(noon.Add(time.Minute))})}},
		{Entry: voided, Corrections: []model.Correction{by(model.CorrectionVoid, 2, model.Changes{})}},
		{Entry: missed, Corrections: []model.Correction{by(model.CorrectionLog, 3, model.Changes{})}},
	}
	for i := range records {
		records[i].Normalize()
	}
	if _, err := db.Absorb(t.Context(), records, false); err != nil {
		t.Fatal(err)
	}
	for n := range 3 { // of which the engine told more later
		e := model.Entry{LogSource: 1, TrackStart: noon.Add(time.Hour), Title: "told", Duration: time.Duration(n+1) * time.Second, ReceivedAt: noon.Add(time.Hour + time.Duration(n)*time.Minute)}
		e.Normalize()
		if err := db.StoreEntry(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

// contents are the hashes of all records, in order.
func contents(t *testing.T, db archive.Store) (all []model.Content) {
	t.Helper()
	sources, err := db.Sources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		records, _, err := db.Records(t.Context(), model.RecordQuery{Source: source})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if r.Entry.Title == "told" && len(r.Entry.Told.Again())+len(r.Entry.Told) == 0 {
				t.Errorf("nothing is known of when %+v was told", r.Entry)
			}
			all = append(all, r.Content())
		}
	}
	return all
}

// TestExport: what is exported and imported into an empty database is the same, and
// the same again changes nothing; so for an engine-api and a sync node.
func TestExport(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			url := repotest.MigratedURL(t, kind)
			db := repotest.OpenURL(t, url)
			fill(t, db)
			want := contents(t, db)
			if len(want) != 4 {
				t.Fatalf("stored are %d", len(want))
			}
			for _, name := range []string{"plays.jsonl", "plays.csv"} {
				file := filepath.Join(t.TempDir(), name)
				for range 2 { // the second one replaces the first one
					if code, out := run(t, url, "", "export", file); code != cli.ExitOK || out != "exported: 4\n" {
						t.Fatalf("export %s: %d %s", name, code, out)
					}
				}
				for service, to := range targets(t, kind) {
					for range 2 {
						if code, out := run(t, url, service, "import", file); code != cli.ExitOK || out != "stored: 4, wrong: 0\n" {
							t.Errorf("import %s: %d %s", name, code, out)
						}
						if got := contents(t, to); !slices.Equal(got, want) {
							t.Errorf("%s: imported are %v, want %v", name, got, want)
						}
					}
				}
			}
		})
	}
}

// targets are empty databases by the URL of the service that serves them.
func targets(t *testing.T, kind repotest.Kind) map[string]archive.Store {
	t.Helper()
	node, station := repotest.Open(t, kind), repotest.OpenStation(t, kind)
	api := handlertest.Node(t, 0, station, station.OnAir())
	first := httptest.NewServer(handlertest.EngineAPI(t, handlertest.Node(t, 1, node, node)))
	second := httptest.NewServer(handlertest.SyncNode(t, api, handlertest.Own(api, station)))
	t.Cleanup(first.Close)
	t.Cleanup(second.Close)
	return map[string]archive.Store{first.URL: node, second.URL: station}
}

// TestExport_some: a period is that of the station's days, and sources can be chosen.
// Whatever fails leaves no file.
func TestExport_some(t *testing.T) {
	t.Parallel()
	url := repotest.MigratedURL(t, repotest.KindSQLite)
	db := repotest.OpenURL(t, url)
	fill(t, db)
	dir := t.TempDir()
	for _, c := range []struct {
		args string
		code int
		out  string
	}{
		{"plays.csv --from 2026-11-27 --to 2026-11-27", cli.ExitOK, "exported: 2\n"},
		{"plays.csv --to 2026-11-28", cli.ExitOK, "exported: 3\n"},
		{"plays.csv --source 7", cli.ExitOK, "exported: 1\n"},
		{"plays.csv --source 7 --source 1", cli.ExitOK, "exported: 4\n"},
		{"plays.csv --source 3", cli.ExitOK, "exported: 0\n"},
		{"plays.txt", cli.ExitUsage, "must end in .jsonl or .csv"},
		{"plays.jsonl --from yesterday", cli.ExitUsage, "--from"},
		{"plays.jsonl --from 2026-11-28 --to 2026-11-27", cli.ExitUsage, "ends before it begins"},
		{"", cli.ExitUsage, "1 arg"},
		{"none/plays.jsonl", cli.ExitFailed, "no such file"},
	} {
		args := strings.Fields(c.args)
		if len(args) > 0 {
			args[0] = filepath.Join(dir, args[0])
		}
		if code, out := run(t, url, "", append([]string{"export"}, args...)...); code != c.code || !strings.Contains(out, c.out) {
			t.Errorf("%s: %d %s", c.args, code, out)
		}
	}
	if code, _ := run(t, "sqlite://"+filepath.Join(dir, "none.db"), "", "export", filepath.Join(dir, "more.csv")); code != cli.ExitFailed {
		t.Errorf("without a database: %d", code)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("left are %v, %v", files, err)
	}
}

// TestImport_wrong: what is wrong is named by its row, and the rest is stored.
func TestImport_wrong(t *testing.T) {
	t.Parallel()
	db := repotest.Open(t, repotest.KindSQLite)
	server := httptest.NewServer(handlertest.EngineAPI(t, handlertest.Node(t, 1, db, db)))
	defer server.Close()
	const good = `{"log_source":1,"track_start":"2026-11-27T12:00:00Z","track_title":"a"}`
	for name, c := range map[string]struct {
		content string
		code    int
		out     string
	}{
		"a.jsonl": {good + "\n\nno JSON\n" + `{"log_source":-1,"track_start":"2026-11-27T12:00:00Z"}` + "\n", cli.ExitFailed, "row 3: wrong: invalid: record: must"},
		"b.jsonl": {`{"log_source":-1,"track_start":"2026-11-27T12:00:00Z"}` + "\n" + good, cli.ExitFailed, "stored: 1, wrong: 1"},
		"c.csv":   {"log_source,track_start,track_title\n1,2026-11-27T12:00:00Z,b\none,2026-11-27T12:00:00Z,c\n", cli.ExitFailed, `row 3: wrong: log_source: "one" is no JSON`},
		"d.csv":   {"log_source,titel\n", cli.ExitFailed, `column 2: "titel" is none of those`},
		"e.csv":   {"", cli.ExitFailed, "the file is empty"},
		"f.txt":   {"", cli.ExitUsage, "must end in"},
	} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, out := run(t, "", server.URL, "import", file); code != c.code || !strings.Contains(out, c.out) {
			t.Errorf("%s: %d %s", name, code, out)
		}
	}
	if got := contents(t, db); len(got) != 2 {
		t.Errorf("stored are %d", len(got))
	}
	file := filepath.Join(t.TempDir(), "a.jsonl")
	if err := os.WriteFile(file, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := run(t, "", "http://127.0.0.1:1", "import", file); code != cli.ExitFailed || !strings.Contains(out, "may be repeated") {
		t.Errorf("without a service: %d %s", code, out)
	}
}
