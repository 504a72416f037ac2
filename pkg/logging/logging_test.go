package logging_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/logging"
)

func TestConfig_Validate(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		environ map[string]string
		want    string
	}{
		"defaults": {},
		"debug":    {environ: map[string]string{"AURA_LOG_LEVEL": "debug", "AURA_LOG_FORMAT": "json"}},
		"level":    {map[string]string{"AURA_LOG_LEVEL": "loud"}, `AURA_LOG_LEVEL="loud": must be trace, debug, info, warn or error`},
		"number":   {map[string]string{"AURA_LOG_LEVEL": "-1"}, `AURA_LOG_LEVEL="-1": must be trace, debug, info, warn or error`},
		"format":   {map[string]string{"AURA_LOG_FORMAT": "xml"}, `AURA_LOG_FORMAT="xml": must be auto, json or pretty`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got string
			if err := config.Load(&logging.Config{}, c.environ); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // the clock of the bubble starts at 2000-01-01
		var out bytes.Buffer
		log := logging.New(logging.Config{Level: "info", Format: "auto"}, &out)
		log.Debug().Msg("not shown")
		log.Info().Int("n", 1).Msg("hello")
		want := `{"level":"info","n":1,"time":"2000-01-01T00:00:00.000Z","message":"hello"}` + "\n"
		if out.String() != want {
			t.Errorf("got %swant %s", &out, want)
		}

		out.Reset()
		log = logging.New(logging.Config{Level: "info", Format: "pretty"}, &out)
		log.Info().Int("n", 1).Msg("hello")
		if want := "2000-01-01T00:00:00.000Z INF hello n=1\n"; out.String() != want {
			t.Errorf("got %q, want %q", &out, want)
		}
	})
}

func TestNew_Auto(t *testing.T) {
	t.Parallel()
	f, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	log := logging.New(logging.Config{Level: "info", Format: "auto"}, f)
	log.Info().Msg("to a file")
	b, err := os.ReadFile(f.Name())
	if err != nil || !json.Valid(b) {
		t.Errorf("%s is no JSON (%v)", b, err)
	}
}

func TestLasting_Report(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := logging.NewLasting(logging.New(logging.Config{Level: "info", Format: "json"}, &out), "push failed")
		start := time.Now()
		var got []string
		report := func(err error) {
			l.Report(err)
			for line := range strings.Lines(out.String()) {
				var m map[string]any
				if err := json.Unmarshal([]byte(line), &m); err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprint(time.Since(start), " ", m["message"], " ", m["error"], " ", m["unsaid"]))
			}
			out.Reset()
		}
		report(nil)
		for i := range 80 {
			report(fmt.Errorf("refused %d", i))
			time.Sleep(time.Second)
		}
		report(nil)
		report(nil)
		report(errors.New("again"))
		want := []string{
			"0s push failed refused 0 <nil>",
			"30s push failed refused 30 29",
			"1m0s push failed refused 60 29",
			"1m20s recovered <nil> 19",
			"1m20s push failed again <nil>",
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}
