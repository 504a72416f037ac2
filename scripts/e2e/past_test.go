package e2e

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// past is a version of before, which nodes may still have while a deployment is
// updated.
type past struct {
	name, commit string
	// supplements: its nodes know the supplement of records.
	supplements bool
	build       func() (string, error)
}

var (
	// previous is the version before this one: the last release, and until there is
	// one the last commit without packages.
	previous = newPast("Previous", "c195cad9257e589a64dda766fb93abc380e527ce", true)
	// firstEdition is the last version whose nodes do not know the supplement of
	// records.
	firstEdition = newPast("FirstEdition", "89c1568cc86f6a95a01ecc32feaabd9a1959359f", false)
	// firstGeneration knows only engines of the first generation. It is too old to
	// use today's schema, so nothing goes back to it.
	firstGeneration = newPast("FirstGeneration", "2754084aba44940d247785bce4bb1b5159ccfca9", false)
)

func newPast(name, commit string, supplements bool) *past {
	p := &past{name: name, commit: commit, supplements: supplements}
	p.build = sync.OnceValues(p.buildPrograms)
	return p
}

// errNoHistory: this copy of the repository was made without its history.
var errNoHistory = errors.New("the commit of the older version is not here")

// programs returns the folder of the version's programs, which are built once.
func (p *past) programs(t *testing.T) string {
	t.Helper()
	dir, err := p.build()
	switch {
	case errors.Is(err, errNoHistory):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	return dir
}

func (p *past) buildPrograms() (string, error) {
	sources, programs := filepath.Join(bin, p.name+"-sources"), filepath.Join(bin, p.name)
	if out, err := exec.Command("mkdir", sources, programs).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	if out, err := exec.Command("git", "-C", tree, "cat-file", "-e", p.commit+"^{commit}").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s: %w %s", errNoHistory, p.commit, err, out)
	}
	extract := exec.Command("sh", "-c", "git -C "+tree+" archive "+p.commit+" | tar -x -C "+sources)
	if out, err := extract.CombinedOutput(); err != nil {
		return "", fmt.Errorf("extract: %w\n%s", err, out)
	}
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", programs+"/", "./services/engine-api", "./services/sync-node")
	build.Dir, build.Env = sources, environment("CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return programs, nil
}
