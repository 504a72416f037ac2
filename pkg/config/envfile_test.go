package config_test

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"aura.radio/engine/pkg/config"
)

func TestEnvFile_Environ(t *testing.T) {
	t.Parallel()
	const text = "# a comment with A=1\n; another B=2\n\n" +
		"PLAIN=a b  \n  INDENTED = x\nEMPTY=\nQUOTED=\"a \\\"b\\\" \\$c \\d  \"  \nSINGLE='a\\ \"b'\nJOINED=a\"b c\"d\n" +
		"LONG=one \\\ntwo\nLINES=\"one\ntwo\"\nESCAPED=a\\ b\\\\\nTWICE=1\nTWICE=2\nnonsense\nURL=http://h:1/?a=b#c\nLAST=x"
	want := map[string]string{
		"PLAIN": "a b", "INDENTED": "x", "EMPTY": "", "QUOTED": `a "b" $c \d  `, "SINGLE": `a\ "b`, "JOINED": "ab cd",
		"LONG": "one two", "LINES": "one\ntwo", "ESCAPED": `a b\`, "TWICE": "2", "URL": "http://h:1/?a=b#c", "LAST": "x",
	}
	if got := config.NewEnvFile(text).Environ(); !maps.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestEnvFile_Set(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text        string
		name, value string
		others      []string
		want        string
	}{
		"empty":        {"", "A", "1", nil, "A=1\n"},
		"at the end":   {"B=2", "A", "1", nil, "B=2\nA=1\n"},
		"in its place": {"# c\nA=0\nB=2\nA=3\n", "A", "1", nil, "# c\nA=1\nB=2\n"},
		"of another":   {"A=secret\nB=2\n", "A_FILE", "/x", []string{"A"}, "A_FILE=/x\nB=2\n"},
		"of an example": {"# What A means.\n#A=<secret>\n\n# Next.\nB=2\n", "A_FILE", "/x", []string{"A"},
			"# What A means.\nA_FILE=/x\n\n# Next.\nB=2\n"},
		"not of a longer name": {"#AB=1\n", "A", "1", nil, "#AB=1\nA=1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := config.NewEnvFile(c.text)
			f.Set(c.name, c.value, c.others...)
			if f.String() != c.want {
				t.Errorf("got\n%s\nwant\n%s", f, c.want)
			}
		})
	}
	for _, value := range []string{"", "x", "a b", ` " $x \ ` + "`'", "#x", "ü", "a\nb", `\`} {
		f := config.NewEnvFile("B=2\n")
		f.Set("A", value)
		if got := f.Environ(); got["A"] != value || got["B"] != "2" {
			t.Errorf("%q is read as %q", value, got)
		}
	}
}

func TestReadEnvFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if f, err := config.ReadEnvFile(filepath.Join(dir, "none")); err != nil || f.String() != "" {
		t.Errorf("missing: %q, %v", f, err)
	}
	if _, err := config.ReadEnvFile(dir); err == nil {
		t.Error("a folder was read")
	}
	path := filepath.Join(dir, "env")
	if err := os.WriteFile(path, []byte("A=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if f, err := config.ReadEnvFile(path); err != nil || f.Environ()["A"] != "1" {
		t.Errorf("%q, %v", f, err)
	}
}
