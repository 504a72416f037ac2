package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// made is any time.
const made = "1700000000"

// own is the document of the program that runs this test.
func own(t *testing.T) document {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		if err := run(out, "1.2.0", []string{self}, made); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same program has two documents")
	}
	var d document
	if err := json.Unmarshal(first.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestRun: each module of a program is in its document, with the name by which
// scanners know it.
func TestRun(t *testing.T) {
	t.Parallel()
	d := own(t)
	if d.Creation.Created != "2023-11-14T22:13:20Z" || d.Packages[0].Version != "1.2.0" || len(d.Packages[0].Checksums[0].Value) != 64 {
		t.Errorf("got %+v %+v", d.Creation, d.Packages[0])
	}
	ids := map[string]bool{documentID: true}
	for _, p := range d.Packages {
		if ids[p.ID] || !regexp.MustCompile(`^SPDXRef-[a-zA-Z0-9.-]+$`).MatchString(p.ID) {
			t.Errorf("%q is not an identifier of its own", p.ID)
		}
		ids[p.ID] = true
	}
	for _, r := range d.Relationships {
		if !ids[r.From] || !ids[r.To] {
			t.Errorf("%+v leads nowhere", r)
		}
	}
}

// TestDescribe: what a program is made of, of each kind.
func TestDescribe(t *testing.T) {
	t.Parallel()
	info := &buildinfo.BuildInfo{GoVersion: "go1.26.8"}
	if err := json.Unmarshal([]byte(`[
		{"Path": "github.com/BurntSushi/toml", "Version": "v1.2.3", "Sum": "h1:abc="},
		{"Path": "aura.radio/engine/pkg", "Version": "v0.0.0", "Replace": {"Path": "../pkg", "Version": "(devel)"}},
		{"Path": "example.com/old", "Version": "v1.0.0", "Replace": {"Path": "example.com/new", "Version": "v1.1.0", "Sum": "h1:def="}}
	]`), &info.Deps); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range describe(program{name: "engine-api", version: "1.2.0", info: info}).Packages {
		name := p.Name + " " + p.Version
		for _, r := range p.References {
			name += " " + r.Locator
		}
		got = append(got, strings.TrimSpace(name+" "+p.Comment))
	}
	want := []string{
		"engine-api 1.2.0",
		"stdlib 1.26.8 pkg:golang/stdlib@1.26.8",
		"github.com/BurntSushi/toml v1.2.3 pkg:golang/github.com/burntsushi/toml@v1.2.3 go.sum h1:abc=",
		"aura.radio/engine/pkg 1.2.0",
		"example.com/new v1.1.0 pkg:golang/example.com/new@v1.1.0 go.sum h1:def=",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRun_wrong: a mistake is told.
func TestRun_wrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		version, epoch, want string
		args                 []string
	}{
		"NoVersion": {"", made, "usage", []string{"x"}},
		"NoFile":    {"1", made, "usage", nil},
		"NoTime":    {"1", "", "SOURCE_DATE_EPOCH", []string{"x"}},
		"NoProgram": {"1", made, "main.go", []string{"main.go"}},
	} {
		if err := run(&bytes.Buffer{}, test.version, test.args, test.epoch); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
