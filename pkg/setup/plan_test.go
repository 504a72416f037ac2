package setup

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aura.radio/engine/pkg/instance"
)

var errService = errors.New("AURA_A: must be right")

// somePlan asks for A and for a secret.
func somePlan() Plan {
	return Plan{
		Questions: func(_ Place, now map[string]string) []Question {
			return []Question{{Flag: "a", Default: Always(now["AURA_A"])}, {Flag: "secret", Secret: true, Default: Always(now["AURA_SECRET"])}}
		},
		Derive: func(_ context.Context, at Place, a Answers, _ map[string]string) (Outcome, error) {
			if a["a"] == "impossible" {
				return Outcome{}, errors.New("that can't be")
			}
			return Outcome{
				Settings: []Setting{{"AURA_A", a["a"], false}, {"AURA_SECRET", a["secret"], true}, {"AURA_OLD", "", false}},
				Keep:     func() error { return at.KeepStation(Station{URL: "http://host"}) },
				Openings: []Opening{{"tcp", "8010", []string{"192.0.2.1"}}}, Notes: []string{"a note"}, Next: []string{"do it"},
			}, nil
		},
	}
}

func setUp(t *testing.T, at Place, flags Answers) (string, error) {
	t.Helper()
	var out bytes.Buffer
	host := Host{Place: at, Accept: func(environ map[string]string) ([]string, error) {
		if environ["AURA_A"] == "wrong" || environ["AURA_SECRET"] == "" {
			return nil, errService
		}
		return []string{"accepted " + environ["AURA_A"] + environ["AURA_KEPT"]}, nil
	}}
	err := somePlan().Run(t.Context(), host, &Asker{In: strings.NewReader(""), Out: &out}, flags, &out)
	return out.String(), err
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPlan_Run(t *testing.T) {
	t.Parallel()
	at := Place{Instance: instance.Instance{Service: "sync-node"}, Dir: Dir(filepath.Join(t.TempDir(), "etc"))}
	for _, wrong := range []Answers{{"a": "wrong", "secret": "hush"}, {"a": "1"}, {"a": "impossible", "secret": "hush"}} {
		if _, err := setUp(t, at, wrong); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%v was taken: %v", wrong, err)
		}
		if _, err := os.Stat(string(at.Dir)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("something was written: %v", err)
		}
	}
	_, err := setUp(t, at, Answers{"a": "wrong", "secret": "x"})
	if _, ok := errors.AsType[*NotAccepted](err); !ok || !errors.Is(err, errService) {
		t.Errorf("%v", err)
	}

	out, err := setUp(t, at, Answers{"a": "one two", "secret": "hush"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a note", "accepted one two", "nft add rule", "do it", at.File()} {
		if !strings.Contains(out, want) {
			t.Errorf("does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "hush") {
		t.Errorf("the secret is told:\n%s", out)
	}
	file, secret := content(t, at.File()), filepath.Join(string(at.Dir), "sync-node", "secret")
	if !strings.Contains(file, "AURA_A=\"one two\"\nAURA_SECRET_FILE="+secret+"\n") || strings.Contains(file, "hush") {
		t.Errorf("the file:\n%s", file)
	}
	if got := content(t, secret); got != "hush\n" {
		t.Errorf("the secret: %q", got)
	}
	for _, path := range []string{secret, at.File(), filepath.Dir(secret)} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o007 != 0 {
			t.Errorf("%s: others may read it: %v, %v", path, info.Mode(), err)
		}
	}
	if s, err := at.Station(); err != nil || s.URL != "http://host" {
		t.Errorf("%+v, %v", s, err)
	}

	// Again: what a person wrote stays, and what is not answered.
	edited := "# mine\nAURA_OLD=x\nAURA_KEPT=!\n" + file
	if err := os.WriteFile(at.File(), []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err = setUp(t, at, Answers{"a": "2"}); err != nil || !strings.Contains(out, "accepted 2!") {
		t.Errorf("again: %v\n%s", err, out)
	}
	if got, want := content(t, at.File()), "# mine\nAURA_KEPT=!\n"+strings.Replace(file, `"one two"`, "2", 1); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if names, err := os.ReadDir(filepath.Dir(secret)); err != nil || len(names) != 2 {
		t.Errorf("%v, %v", names, err)
	}

	// A secret that a person wrote into the file moves out of it.
	if err := os.WriteFile(at.File(), []byte("AURA_SECRET=inline\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = setUp(t, at, Answers{"a": "3"}); err != nil {
		t.Fatal(err)
	}
	if got := content(t, at.File()); !strings.HasPrefix(got, "AURA_SECRET_FILE=") || content(t, secret) != "inline\n" {
		t.Errorf("%s", got)
	}
	now, err := at.Current()
	if err != nil || now["AURA_SECRET"] != "inline" || now["AURA_SECRET_FILE"] != "" {
		t.Errorf("%v, %v", now, err)
	}
	if err := at.Store("AURA_SECRET", "other"); err != nil || content(t, secret) != "other\n" {
		t.Errorf("%v", err)
	}
	if err := at.Store("AURA_NONE", "x"); err == nil {
		t.Error("a secret without a place was stored")
	}
}

func TestReadable(t *testing.T) {
	t.Parallel()
	if err := Readable(fs.ErrPermission); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "as root") {
		t.Errorf("%v", err)
	}
	if err := Readable(errService); err == nil || err.Error() != errService.Error() {
		t.Errorf("%v", err)
	}
}
