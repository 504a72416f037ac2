package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/config"
)

// Block is exported, as an embedded block must be.
type Block struct {
	Listen string `env:"LISTEN" envDefault:"127.0.0.1:8008" doc:"Where to listen."`
	Token  string `env:"TOKEN" secret:"true" doc:"A token."`
}

func (b *Block) Validate() error {
	if !strings.Contains(b.Listen, ":") {
		return &config.Mistake{Variable: "LISTEN", Value: b.Listen, Rule: "must be host:port"}
	}
	return nil
}

type settings struct {
	Block
	HostID   int                   `env:"HOST_ID" doc:"Number of this host."`
	Interval time.Duration         `env:"SYNC_INTERVAL" envDefault:"3600" doc:"Seconds | duration."`
	Migrate  *bool                 `env:"DB_AUTO_MIGRATE"`
	Ratio    float64               `env:"RATIO"`
	Zone     string                `env:"STATION_TIMEZONE,required"`
	Hosts    map[int]string        `family:"MAIN_HOST" doc:"The nodes."`
	Waits    map[int]time.Duration `family:"WAIT"`
	PIN      int                   `env:"PIN" secret:"true"`
	hidden   string
}

func load(t *testing.T, environ map[string]string, preset func(*settings)) (settings, error) {
	t.Helper()
	var s settings
	if preset != nil {
		preset(&s)
	}
	all := map[string]string{"AURA_STATION_TIMEZONE": "Europe/Vienna", "PATH": "/bin", "AURAL": "other"}
	for k, v := range environ {
		all[k] = v
	}
	return s, config.Load(&s, all)
}

func TestLoad(t *testing.T) {
	t.Parallel()
	s, err := load(t, map[string]string{
		"AURA_HOST_ID": "2", "AURA_SYNC_INTERVAL": "0.23", "AURA_DB_AUTO_MIGRATE": "false",
		"AURA_MAIN_HOST_1": "http://one", "AURA_MAIN_HOST_12": "http://twelve", "AURA_MAIN_HOST_3": "",
		"AURA_WAIT_2": "1h", "AURA_TOKEN": "abc",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.HostID != 2 || s.Interval != 230*time.Millisecond || s.Migrate == nil || *s.Migrate ||
		s.Listen != "127.0.0.1:8008" || s.Token != "abc" || s.Zone != "Europe/Vienna" {
		t.Errorf("got %+v", s)
	}
	if len(s.Hosts) != 2 || s.Hosts[1] != "http://one" || s.Hosts[12] != "http://twelve" || s.Waits[2] != time.Hour {
		t.Errorf("families %v %v", s.Hosts, s.Waits)
	}
}

func TestLoad_Defaults(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		environ map[string]string
		want    string
	}{
		"the service's own":      {nil, "127.0.0.1:8010"},
		"empty means not set":    {map[string]string{"AURA_LISTEN": ""}, "127.0.0.1:8010"},
		"the variable goes over": {map[string]string{"AURA_LISTEN": ":1"}, ":1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := load(t, c.environ, func(s *settings) { s.Listen = "127.0.0.1:8010" })
			if err != nil || s.Listen != c.want {
				t.Errorf("%q, %v; want %q", s.Listen, err, c.want)
			}
		})
	}
}

func TestLoad_Mistakes(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		environ map[string]string
		want    []string // each a whole line
	}{
		"all at once": {
			map[string]string{
				"AURA_HOST_ID": "two", "AURA_SYNC_INTERVAL": "soon", "AURA_DB_AUTO_MIGRATE": "perhaps",
				"AURA_RATIO": "much", "AURA_STATION_TIMEZONE": "", "AURA_LISTEN": "nowhere",
			},
			[]string{
				`AURA_HOST_ID="two": must be a whole number`,
				`AURA_SYNC_INTERVAL="soon": must be a duration such as 230ms, 90s or 1h, or plain seconds`,
				`AURA_DB_AUTO_MIGRATE="perhaps": must be true or false`,
				`AURA_RATIO="much": must be a number`,
				`AURA_STATION_TIMEZONE: is required`,
				`AURA_LISTEN="nowhere": must be host:port`,
			},
		},
		"misspelled": {
			map[string]string{"AURA_LISTN": ":1", "AURA_MAIN_HOTS_2": "x", "AURA_SOMETHING_ELSE": "x"},
			[]string{
				`AURA_LISTN: is not a known variable; did you mean AURA_LISTEN?`,
				`AURA_MAIN_HOTS_2: is not a known variable; did you mean AURA_MAIN_HOST_1?`,
				`AURA_SOMETHING_ELSE: is not a known variable`,
			},
		},
		"numbers of a family have one spelling": {
			map[string]string{"AURA_MAIN_HOST_0": "x", "AURA_MAIN_HOST_01": "x", "AURA_MAIN_HOST_a": "x"},
			[]string{
				`AURA_MAIN_HOST_0: is not a known variable; did you mean AURA_MAIN_HOST_1?`,
				`AURA_MAIN_HOST_01: is not a known variable; did you mean AURA_MAIN_HOST_1?`,
				`AURA_MAIN_HOST_a: is not a known variable; did you mean AURA_MAIN_HOST_1?`,
			},
		},
		"members": {
			map[string]string{"AURA_WAIT_1": "x", "AURA_WAIT_2": "y", "AURA_WAIT_3": "1s"},
			[]string{
				`AURA_WAIT_1="x": must be a duration such as 230ms, 90s or 1h, or plain seconds`,
				`AURA_WAIT_2="y": must be a duration such as 230ms, 90s or 1h, or plain seconds`,
			},
		},
		"range":             {map[string]string{"AURA_HOST_ID": "99999999999"}, []string{`AURA_HOST_ID="99999999999": is out of range`}},
		"no secret shown":   {map[string]string{"AURA_PIN": "hush"}, []string{`AURA_PIN: must be a whole number`}},
		"not a public file": {map[string]string{"AURA_HOST_ID_FILE": "/etc/x"}, []string{`AURA_HOST_ID_FILE: is not a known variable`}},
		"twice": {
			map[string]string{"AURA_TOKEN": "hush", "AURA_TOKEN_FILE": "/run/token"},
			[]string{`AURA_TOKEN_FILE="/run/token": must not be set together with AURA_TOKEN`},
		},
		"no such file": {
			map[string]string{"AURA_TOKEN_FILE": "/does/not/exist"},
			[]string{`AURA_TOKEN_FILE="/does/not/exist": must name a readable file: no such file or directory`},
		},
		"long": {
			map[string]string{"AURA_HOST_ID": strings.Repeat("ö", 100)},
			[]string{`AURA_HOST_ID="` + strings.Repeat("ö", 40) + `…": must be a whole number`},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, c.environ, nil)
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.Split(err.Error(), "\n")
			for _, want := range c.want {
				if !slices.Contains(got, want) {
					t.Errorf("lacks %s\nhas %s", want, strings.Join(got, "\n    "))
				}
			}
			if len(got) != len(c.want) {
				t.Errorf("%d mistakes, want %d:\n%v", len(got), len(c.want), err)
			}
			if m := new(config.Mistake); !errors.As(err, &m) {
				t.Errorf("%T is no Mistake", err)
			}
		})
	}
}

func TestLoad_Secret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{"aura_token": "from credential\n", "file": "from file\r\n", "big": strings.Repeat("x", 2<<20)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cases := map[string]struct {
		environ map[string]string
		want    string
		mistake string
	}{
		"variable over credential": {environ: map[string]string{"AURA_TOKEN": "own", "CREDENTIALS_DIRECTORY": dir}, want: "own"},
		"file over credential":     {environ: map[string]string{"AURA_TOKEN_FILE": dir + "/file", "CREDENTIALS_DIRECTORY": dir}, want: "from file"},
		"credential":               {environ: map[string]string{"CREDENTIALS_DIRECTORY": dir}, want: "from credential"},
		"no such credential":       {environ: map[string]string{"CREDENTIALS_DIRECTORY": t.TempDir()}},
		"too big":                  {environ: map[string]string{"AURA_TOKEN_FILE": dir + "/big"}, mistake: "at most 1 MiB"},
		"a device":                 {environ: map[string]string{"AURA_TOKEN_FILE": "/dev/zero"}, mistake: "not a regular file"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := load(t, c.environ, nil)
			if (err != nil) != (c.mistake != "") || err != nil && !strings.Contains(err.Error(), c.mistake) {
				t.Fatalf("err %v, want %q", err, c.mistake)
			}
			if s.Token != c.want {
				t.Errorf("%q, want %q", s.Token, c.want)
			}
		})
	}
}

func TestLoad_Duration(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"230ms": 230 * time.Millisecond, "0.23": 230 * time.Millisecond, "3600": time.Hour, "1h30m": 90 * time.Minute,
		"0": 0, "-1": -time.Second, "1e-3": time.Millisecond, "NaN": -1, "Inf": -1, "1e300": -1, "5 s": -1,
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			s, err := load(t, map[string]string{"AURA_SYNC_INTERVAL": value}, nil)
			if want == -1 {
				if err == nil {
					t.Errorf("taken as %v", s.Interval)
				}
				return
			}
			if err != nil || s.Interval != want {
				t.Errorf("%v, %v; want %v", s.Interval, err, want)
			}
		})
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	s := settings{Block: Block{Listen: "127.0.0.1:8010", Token: "hush"}, hidden: "x"}
	want := "| variable | default | meaning |\n|---|---|---|\n" +
		"| `AURA_LISTEN` | `127.0.0.1:8010` | Where to listen. |\n" +
		"| `AURA_TOKEN` |  | A token. Secret: the value may also come from the file that `AURA_TOKEN_FILE` names, or from the systemd credential `aura_token`. |\n" +
		"| `AURA_HOST_ID` |  | Number of this host. |\n" +
		"| `AURA_SYNC_INTERVAL` | `3600` | Seconds \\| duration. |\n" +
		"| `AURA_DB_AUTO_MIGRATE` |  |  |\n" +
		"| `AURA_RATIO` |  |  |\n" +
		"| `AURA_STATION_TIMEZONE` | required |  |\n" +
		"| `AURA_MAIN_HOST_1`, `AURA_MAIN_HOST_2`, … |  | The nodes. |\n" +
		"| `AURA_WAIT_1`, `AURA_WAIT_2`, … |  |  |\n" +
		"| `AURA_PIN` |  | Secret: the value may also come from the file that `AURA_PIN_FILE` names, or from the systemd credential `aura_pin`. |\n"
	if got := config.Table(&s); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
