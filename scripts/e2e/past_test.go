package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// past is a version of before, which hosts may still have while a deployment is
// updated.
type past struct {
	name, commit string
	// released: of a service that was released, the last release counts, instead of
	// the commit.
	released bool
	// supplements: its nodes know the supplement of records.
	supplements bool
	build       func() (string, error)
}

var (
	// previous is the version before this one: of each service the last release, and
	// until there is one the last commit without packages.
	previous = newPast(past{name: "Previous", commit: "c195cad9257e589a64dda766fb93abc380e527ce", released: true, supplements: true})
	// firstEdition is the last version whose nodes do not know the supplement of
	// records.
	firstEdition = newPast(past{name: "FirstEdition", commit: "89c1568cc86f6a95a01ecc32feaabd9a1959359f"})
	// firstGeneration knows only engines of the first generation. It is too old to
	// use today's schema, so nothing goes back to it.
	firstGeneration = newPast(past{name: "FirstGeneration", commit: "2754084aba44940d247785bce4bb1b5159ccfca9"})
)

func newPast(p past) *past {
	p.build = sync.OnceValues(p.buildPrograms)
	return &p
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

// hides reports whether a sync node of this version can't see all that engine-apis
// of the older one have. Its audit then says so.
func (p *past) hides(v versions) bool { return !p.supplements && v == versions{syncNode: true} }

// quiet is what a comparison says of a node if it found nothing to do. An older
// engine-api keeps a greater value that it was told since it went back, and this
// version's sync node the value that it knows was told: it looks at these records
// each time.
func (p *past) quiet(v versions) string {
	if p.hides(v) {
		return ", sent 0"
	}
	return "fetched 0, sent 0"
}

func (p *past) buildPrograms() (string, error) {
	programs := filepath.Join(bin, p.name)
	for _, service := range services {
		revision := p.revision(tree, service)
		sources := filepath.Join(bin, strings.ReplaceAll(p.name+"-"+revision, "/", "-"))
		if err := extract(revision, sources); err != nil {
			return "", err
		}
		build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", programs+"/", "./services/"+service)
		build.Dir, build.Env = sources, environment("CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s of %s: %w\n%s", service, revision, err, out)
		}
	}
	return programs, nil
}

// revision is the version of a service in a repository. What is tagged now is no
// version of before.
func (p *past) revision(repository, service string) string {
	if p.released {
		tag, err := exec.Command("git", "-C", repository, "describe", "--tags", "--abbrev=0", "--match", "services/"+service+"/v*", "HEAD^").Output()
		if err == nil {
			return strings.TrimSpace(string(tag))
		}
	}
	return p.commit
}

// extract writes the files of a revision into a folder, unless it did so before.
func extract(revision, dir string) error {
	if out, err := exec.Command("git", "-C", tree, "cat-file", "-e", revision+"^{commit}").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s: %w %s", errNoHistory, revision, err, out)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		if errors.Is(err, os.ErrExist) {
			return nil
		}
		return err
	}
	if out, err := exec.Command("sh", "-c", "git -C "+tree+" archive '"+revision+"' | tar -x -C "+dir).CombinedOutput(); err != nil {
		return fmt.Errorf("extract %s: %w\n%s", revision, err, out)
	}
	return nil
}

// TestPast: the version of before is the last release of each service, and until
// there is one that of the table.
func TestPast(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	expect := func(service, want string) {
		t.Helper()
		if got := previous.revision(r.dir, service); got != want {
			t.Errorf("before this version, %s was %s, want %s", service, got, want)
		}
	}
	expect("engine-api", previous.commit)
	r.sh(t, "git tag services/engine-api/v0.1.0 && git tag services/sync-node/v0.1.0")
	expect("engine-api", previous.commit) // this is the first release
	for _, version := range []string{"0.2.0", "0.3.0"} {
		r.sh(t, "git commit --quiet --allow-empty --message x && git tag services/engine-api/v"+version)
	}
	expect("engine-api", "services/engine-api/v0.2.0")
	expect("sync-node", "services/sync-node/v0.1.0")
	expect("status-monitor", previous.commit)
}
