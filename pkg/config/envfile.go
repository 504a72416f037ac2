package config

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
)

// EnvFile is the text of an environment file, as systemd's EnvironmentFile= reads
// it. Changes leave everything else in it as it is, comments too.
type EnvFile struct{ text string }

// ReadEnvFile reads a file. A file that is not there is empty.
func ReadEnvFile(path string) (EnvFile, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return NewEnvFile(string(text)), err
}

// NewEnvFile is an environment file with that text.
func NewEnvFile(text string) EnvFile { return EnvFile{text} }

// String is the text of the file.
func (f EnvFile) String() string { return f.text }

// Environ holds the variables of the file; of a variable that is set twice, the
// last value.
func (f EnvFile) Environ() map[string]string {
	environ := map[string]string{}
	for _, a := range f.assignments() {
		environ[a.name] = a.value
	}
	return environ
}

// Set gives a variable a value. The line takes the place of the variable, of one
// of the others, or of a commented example of any of these. The others are not set
// any more.
func (f *EnvFile) Set(name, value string, others ...string) {
	names := append([]string{name}, others...)
	from, to := f.place(names)
	line := name + "=" + quote(value) + "\n"
	if from > 0 && f.text[from-1] != '\n' {
		line = "\n" + line
	}
	before, after := EnvFile{f.text[:from]}, EnvFile{f.text[to:]}
	before.Unset(names...)
	after.Unset(names...)
	f.text = before.text + line + after.text
}

// Unset takes variables out of the file.
func (f *EnvFile) Unset(names ...string) {
	var kept strings.Builder
	last := 0
	for _, a := range f.assignments() {
		if slices.Contains(names, a.name) {
			kept.WriteString(f.text[last:a.from])
			last = a.to
		}
	}
	kept.WriteString(f.text[last:])
	f.text = kept.String()
}

// place is the part of the text that a line for one of the variables replaces.
func (f EnvFile) place(names []string) (from, to int) {
	for _, a := range f.assignments() {
		if slices.Contains(names, a.name) {
			return a.from, a.to
		}
	}
	for _, name := range names {
		example := regexp.MustCompile(`(?m)^[#;][ \t]?` + regexp.QuoteMeta(name) + `=.*\n?`)
		if at := example.FindStringIndex(f.text); at != nil {
			return at[0], at[1]
		}
	}
	return len(f.text), len(f.text)
}

// plain are values that need no quotes.
var plain = regexp.MustCompile(`^[\w./:,@=+*\[\]{}~-]*$`)

func quote(value string) string {
	if plain.MatchString(value) {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace(value) + `"`
}

// assignment is a variable in the bytes [from, to) of the text.
type assignment struct {
	name, value string
	from, to    int
}

func (f EnvFile) assignments() []assignment {
	var all []assignment
	for at := 0; at < len(f.text); {
		line, _, _ := strings.Cut(f.text[at:], "\n")
		name, _, found := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !found || name == "" || name[0] == '#' || name[0] == ';' {
			at += len(line) + 1
			continue
		}
		value, to := readValue(f.text, at+strings.IndexByte(line, '=')+1)
		all = append(all, assignment{name, value, at, to})
		at = to
	}
	return all
}

// readValue reads the value that begins at a byte of the text. end is after its
// line, or lines.
func readValue(text string, begin int) (value string, end int) {
	var read strings.Builder
	quoted := byte(0) // which quotes are open
	solid := 0        // how much of the value ends in something else than a blank
	at := begin
	for ; at < len(text); at++ {
		c := text[at]
		switch {
		case c == '\n' && quoted == 0:
			return read.String()[:solid], at + 1
		case quoted == 0 && (c == '"' || c == '\''):
			quoted, solid = c, read.Len()
			continue
		case c == quoted && quoted != 0:
			quoted, solid = 0, read.Len()
			continue
		case c == '\\' && quoted != '\'' && at+1 < len(text):
			at++
			switch {
			case text[at] == '\n':
				continue
			case quoted == '"' && !strings.ContainsRune("\"\\`$", rune(text[at])):
				read.WriteByte('\\')
			}
			read.WriteByte(text[at])
			solid = read.Len()
			continue
		case quoted == 0 && strings.ContainsRune(" \t\r", rune(c)):
			if read.Len() > 0 {
				read.WriteByte(c)
			}
			continue
		}
		read.WriteByte(c)
		solid = read.Len()
	}
	return read.String()[:solid], at
}
