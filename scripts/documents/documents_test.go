package documents

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree is the root of the working tree.
const tree = "../.."

// documents are the Markdown files of the tree, by path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != tree && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir // .git, .build, .run
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		found[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestLinks: the target of each link exists, and so does the heading.
func TestLinks(t *testing.T) {
	t.Parallel()
	all := documents(t)
	links := 0
	for path, text := range all {
		for _, link := range linksOf(text) {
			links++
			file, anchor, _ := strings.Cut(link, "#")
			target := filepath.Join(filepath.Dir(path), file)
			if file == "" {
				target = path
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", path, link, err)
				continue
			}
			if anchor != "" && !anchorsOf(all[target])[anchor] {
				t.Errorf("%s links to %s: there is no such heading", path, link)
			}
		}
	}
	if links == 0 {
		t.Error("no document has a link")
	}
}

// maxReadme is how long the README may be, in bytes.
const maxReadme = 10_000

func TestReadme_IsShort(t *testing.T) {
	t.Parallel()
	if n := len(documents(t)[filepath.Join(tree, "README.md")]); n == 0 || n > maxReadme {
		t.Errorf("the README has %d bytes, it may have up to %d", n, maxReadme)
	}
}

// TestFloorPlan: every package of pkg is in the floor plan.
func TestFloorPlan(t *testing.T) {
	t.Parallel()
	plan := documents(t)[filepath.Join(tree, "pkg/README.md")]
	folders, err := os.ReadDir(filepath.Join(tree, "pkg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		line := "\n| `" + folder.Name()
		if folder.IsDir() && !strings.Contains(plan, line+"` | ") && !strings.Contains(plan, line+"/") { // a folder may hold packages only
			t.Errorf("pkg/README.md has no line about %s", folder.Name())
		}
	}
}
