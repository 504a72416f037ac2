package setup

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func asked() []Question {
	return []Question{
		{Flag: "name", Ask: "Name", Required: true, Check: OneOf("fm", "web")},
		{Flag: "place", Ask: "Place", Default: func(a Answers) string { return a["name"] + "-place" }},
		{Flag: "key", Ask: "Key", Secret: true},
		{Flag: "quiet", Default: Always("silent")},
		{Flag: "extra", Ask: "Extra", Needless: func(a Answers) bool { return a["name"] == "web" }},
	}
}

// interview answers with input, by a person or by flags alone.
func interview(ctx context.Context, input string, isPerson bool, flags Answers) (Answers, string, error) {
	var out bytes.Buffer
	a := Asker{In: strings.NewReader(input), Out: &out, IsPerson: isPerson}
	answers, err := a.Interview(ctx, asked(), flags)
	return answers, out.String(), err
}

func TestInterview(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		input    string
		isPerson bool
		flags    Answers
		want     Answers
		shown    []string
		wrong    []string
	}{
		"a person is asked everything": {
			"fm\n\n  hush \nmore\n", true, nil,
			Answers{"name": "fm", "place": "fm-place", "key": "hush", "quiet": "silent", "extra": "more"},
			[]string{"Name: ", "Place [fm-place]: ", "Key: ", "Extra: "}, nil,
		},
		"until the answer is right": {
			"\nam\nweb\nhere\n@" + key + "\n", true, nil,
			Answers{"name": "web", "place": "here", "key": "hush", "quiet": "silent"},
			[]string{"an answer is required", `"am" is not an answer; say fm or web`}, nil,
		},
		"with flags only what is missing": {
			"fm\n", true, Answers{"place": "there"},
			Answers{"name": "fm", "place": "there", "key": "", "quiet": "silent", "extra": ""}, []string{"Name: "}, nil,
		},
		"flags alone": {
			"", false, Answers{"name": "web", "key": "@" + key, "quiet": " loud "},
			Answers{"name": "web", "place": "web-place", "key": "hush", "quiet": "loud"}, nil, nil,
		},
		"a secret from the standard input": {
			"hush\n", false, Answers{"name": "web", "key": "-"},
			Answers{"name": "web", "place": "web-place", "key": "hush", "quiet": "silent"}, nil, nil,
		},
		"a person pastes a secret": {
			"hush\n", true, Answers{"name": "web", "key": "-"},
			Answers{"name": "web", "place": "web-place", "key": "hush", "quiet": "silent"}, []string{"Key: "}, nil,
		},
		"every wrong flag": {
			"", false, Answers{"name": "am", "key": "@/does/not/exist"}, nil, nil,
			[]string{`--name: "am" is not an answer`, "--key: open /does/not/exist"},
		},
		"missing":      {"", false, Answers{"place": "x"}, nil, nil, []string{"--name: nobody can be asked here"}},
		"empty":        {"\n", false, Answers{"name": "web", "key": "-"}, nil, nil, []string{"--key: there is nothing in it"}},
		"needless":     {"", false, Answers{"name": "web", "extra": "x"}, nil, nil, []string{"--extra: must not be given"}},
		"end of input": {"fm\n", true, nil, nil, nil, []string{"Place: the input ended"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, shown, err := interview(t.Context(), c.input, c.isPerson, c.flags)
			for _, wrong := range c.wrong {
				if err == nil || !strings.Contains(err.Error(), wrong) {
					t.Errorf("%v, want %q", err, wrong)
				}
			}
			if c.wrong == nil && (err != nil || !maps.Equal(got, c.want)) {
				t.Errorf("%v, %v; want %v", got, err, c.want)
			}
			for _, want := range c.shown {
				if !strings.Contains(shown, want) {
					t.Errorf("%q is not in %q", want, shown)
				}
			}
			if strings.Contains(shown, "hush") {
				t.Errorf("a secret is shown: %q", shown)
			}
		})
	}
}

// TestInterview_interrupted: nobody waits for a person who went away.
func TestInterview_interrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in, out := mustPipe(t)
	defer out.Close()
	a := Asker{In: in, Out: new(bytes.Buffer), IsPerson: true}
	if _, err := a.Interview(ctx, asked(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func mustPipe(t *testing.T) (in, out *os.File) {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return in, out
}
