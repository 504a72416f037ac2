package e2e

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// handbook is the operator's handbook, at its path in a release.
const handbook = "deploy/README.md"

// document is a text whose instructions people follow.
type document string

func openDocument(t *testing.T, file string) document {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return document(text)
}

// find returns what the groups of a pattern match. It fails the test if nothing
// matches.
func (d document) find(t *testing.T, pattern string) []string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(string(d))
	if found == nil {
		t.Fatalf("the document does not hold %s", pattern)
	}
	return found[1:]
}

// commands are the first commands below a heading.
func (d document) commands(t *testing.T, heading string) []string {
	t.Helper()
	block := d.find(t, "(?s)\n#+ "+heading+"\n.*?```sh\n(.*?)\n```")[0]
	return strings.Split(block, "\n")
}

// blocks are all commands below a heading, block by block.
func (d document) blocks(t *testing.T, heading string) (all [][]string) {
	t.Helper()
	section := d.find(t, "(?s)\n##+ "+heading+"\n(.*?)\n##+ ")[0]
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)\n```").FindAllStringSubmatch(section, -1) {
		all = append(all, strings.Split(block[1], "\n"))
	}
	return all
}

// command is the command that a pattern matches.
func (d document) command(t *testing.T, pattern string) string {
	t.Helper()
	return d.find(t, "(?m)^("+pattern+")$")[0]
}

// environments are the contents of the files that people edit, with secrets filled
// in. The keys are "host N: FILE".
func (d document) environments(t *testing.T) map[string]string {
	t.Helper()
	secrets, files := map[string]string{}, map[string]string{}
	for _, block := range regexp.MustCompile("(?s)```sh\n# (host \\d: [^\n]*)\n(.*?)```").FindAllStringSubmatch(string(d), -1) {
		files[block[1]] = regexp.MustCompile(`<[^>]*>`).ReplaceAllStringFunc(block[2], func(whose string) string {
			if secrets[whose] == "" {
				secrets[whose] = strings.TrimSpace(mustSh(t, "openssl rand -hex 24"))
			}
			return secrets[whose]
		})
	}
	return files
}
