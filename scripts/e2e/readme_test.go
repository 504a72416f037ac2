package e2e

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// readme is what people go by.
type readme string

func openReadme(t *testing.T, file string) readme {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return readme(text)
}

// find is what the groups of a pattern match. Not to find it is a failure.
func (r readme) find(t *testing.T, pattern string) []string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(string(r))
	if found == nil {
		t.Fatalf("the README does not hold %s", pattern)
	}
	return found[1:]
}

// commands are the first ones below a heading.
func (r readme) commands(t *testing.T, heading string) []string {
	t.Helper()
	block := r.find(t, "(?s)\n#+ "+heading+"\n.*?```sh\n(.*?)\n```")[0]
	return strings.Split(block, "\n")
}

// command is the one that a pattern matches.
func (r readme) command(t *testing.T, pattern string) string {
	t.Helper()
	return r.find(t, "(?m)^("+pattern+")$")[0]
}

// environments are the contents of the files that are edited, with secrets, by
// "host N: FILE".
func (r readme) environments(t *testing.T) map[string]string {
	t.Helper()
	secrets, files := map[string]string{}, map[string]string{}
	for _, block := range regexp.MustCompile("(?s)```sh\n# (host \\d: [^\n]*)\n(.*?)```").FindAllStringSubmatch(string(r), -1) {
		files[block[1]] = regexp.MustCompile(`<[^>]*>`).ReplaceAllStringFunc(block[2], func(whose string) string {
			if secrets[whose] == "" {
				secrets[whose] = strings.TrimSpace(mustSh(t, "openssl rand -hex 24"))
			}
			return secrets[whose]
		})
	}
	return files
}
