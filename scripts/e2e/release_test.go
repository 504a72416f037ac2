package e2e

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// TestRelease makes a release of each service in a copy of the last commit, and
// looks at what people get: each has the version of its tag.
func TestRelease(t *testing.T) {
	onlyInSoak(t)
	t.Parallel()
	r := newRelease(t)
	versions := map[string]string{}
	for i, service := range services {
		versions[service] = []string{"7.1.0", "7.0.2", "8.0.0"}[i]
	}
	r.note(t, versions)
	out := t.TempDir()
	said, err := r.check(t, out)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for _, service := range services {
		version := versions[service]
		command := regexp.MustCompile(`(?m)^  git tag .*services/` + service + `/v` + regexp.QuoteMeta(version) + ` .*$`).FindString(said)
		if command == "" {
			t.Fatalf("it does not say how to tag %s:\n%s", service, said)
		}
		r.sh(t, command)
		for arch := range machines {
			r.inspectPackage(t, filepath.Join(out, "aura-"+service+"_"+version+"_"+arch+".deb"), service, version, arch)
		}
	}
	r.inspectImages(t, versions)
	if said, err := r.check(t, ""); err != nil || !strings.Contains(said, "all is released") {
		t.Errorf("after the tags: %v\n%s", err, said)
	}
}

// TestRelease_NotReady: what would make a wrong release is told.
func TestRelease_NotReady(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	versions := map[string]string{"engine-api": "1.0.0", "sync-node": "1.0.0", "status-monitor": "1.0.0"}
	for _, test := range []struct{ name, prepare, want string }{
		{"Uncommitted", "echo >>pkg/README.md", "changes that are not committed"},
		{"NoVersion", "sed -i '/^### sync-node /d' CHANGELOG.md && git commit -qam x", "CHANGELOG.md has no version of sync-node"},
		{"NotesOfNoVersion", `sed -i 's/^## Unreleased$/&\n\n- Something new./' CHANGELOG.md && git commit -qam x`, "notes of no version"},
		{"Backwards", "git tag services/engine-api/v1.0.1", "engine-api 1.0.0 comes after 1.0.1"},
		{"ChangedSince", "git tag services/engine-api/v1.0.0 && echo >>pkg/README.md && git commit -qam x", "engine-api changed since services/engine-api/v1.0.0"},
	} {
		r.note(t, versions)
		r.sh(t, "git tag before && "+test.prepare)
		if said, err := r.check(t, ""); err == nil || !strings.Contains(said, "not ready: ") || !strings.Contains(said, test.want) {
			t.Errorf("%s: %v\n%s", test.name, err, said)
		}
		r.sh(t, "git reset -q --hard before && git tag -l 'services/*' before | xargs git tag -d >/dev/null")
	}
}

// release is a copy of the last commit, in which a test may tag.
type release struct{ dir string }

func newRelease(t *testing.T) release {
	t.Helper()
	r := release{filepath.Join(t.TempDir(), "copy")}
	if out, err := exec.Command("git", "clone", "--quiet", "--shared", "--no-tags", tree, r.dir).CombinedOutput(); err != nil {
		t.Skipf("no repository to copy: %v %s", err, out)
	}
	return r
}

// sh runs a command in the copy, as somebody.
func (r release) sh(t *testing.T, command string) string {
	t.Helper()
	out, err := r.run(t, "sh", "-c", command)
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return out
}

func (r release) run(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = r.dir
	cmd.Env = environment("GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=Test", "GIT_AUTHOR_EMAIL=test@radio.example",
		"GIT_COMMITTER_NAME=Test", "GIT_COMMITTER_EMAIL=test@radio.example")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// check runs the check of a release. Packages go to a folder, if there is one.
func (r release) check(t *testing.T, packages string) (string, error) {
	t.Helper()
	args := []string{}
	if packages != "" {
		args = append(args, packages)
	}
	return r.run(t, "scripts/release-check.sh", args...)
}

// note commits a changelog that has these versions of the services first.
func (r release) note(t *testing.T, versions map[string]string) {
	t.Helper()
	text := "# Changelog\n\n## Unreleased\n\n## A release\n"
	for service, version := range versions {
		text += "\n### " + service + " " + version + "\n- A note.\n"
	}
	if err := os.WriteFile(filepath.Join(r.dir, "CHANGELOG.md"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	r.sh(t, "git commit --quiet --allow-empty --all --message notes")
}

// inspectPackage looks into a Debian package.
func (r release) inspectPackage(t *testing.T, file, service, version, arch string) {
	t.Helper()
	for field, want := range map[string]string{"Package": "aura-" + service, "Version": version, "Architecture": arch} {
		if got := strings.TrimSpace(mustSh(t, "dpkg-deb --field "+file+" "+field)); got != want {
			t.Errorf("%s: %s is %s, want %s", filepath.Base(file), field, got, want)
		}
	}
	content := filesOf(t, []byte(mustSh(t, "dpkg-deb --fsys-tarfile "+file)))
	program := content["usr/bin/"+service]
	isProgram(t, file, program, arch)
	if arch == runtime.GOARCH {
		path := filepath.Join(t.TempDir(), service)
		if err := os.WriteFile(path, program, 0o755); err != nil {
			t.Fatal(err)
		}
		if got := mustSh(t, path+" --version"); got != service+" "+version+"\n" {
			t.Errorf("the program of %s says that it is %s", filepath.Base(file), got)
		}
	}
	for _, name := range []string{
		"usr/bin/aura-" + service, "etc/aura/" + service + ".env", "lib/systemd/system/" + service + ".service", "usr/lib/sysusers.d/aura-" + service + ".conf",
		"usr/share/man/man8/" + service + ".8.gz", "usr/share/bash-completion/completions/" + service, "usr/share/zsh/vendor-completions/_" + service,
		"usr/share/fish/vendor_completions.d/" + service + ".fish", "usr/share/doc/aura-" + service + "/changelog.gz", "usr/share/doc/aura-" + service + "/CHANGELOG.md.gz", "usr/share/doc/aura-" + service + "/handbook.md",
	} {
		if len(content[name]) == 0 {
			t.Errorf("%s has no %s", filepath.Base(file), name)
		}
	}
}

// inspectImages looks at what a container engine is told to build.
func (r release) inspectImages(t *testing.T, versions map[string]string) {
	t.Helper()
	dir := t.TempDir()
	engine, told, images := filepath.Join(dir, "engine"), filepath.Join(dir, "told"), filepath.Join(dir, "images")
	if err := os.WriteFile(engine, []byte("#!/bin/sh\necho \"$@\" >>"+told+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	said := r.sh(t, "ENGINE="+engine+" IMAGES="+images+" scripts/images.sh build && cat "+told)
	for service, version := range versions {
		for arch := range machines {
			build := regexp.MustCompile(`(?m)^build .*--target ` + service + ` .*--platform linux/` + arch + ` .*$`).FindString(said)
			for _, want := range []string{"--tag aura/" + service + ":" + version + "-" + arch + " ", "image.version=" + version + " ", "image.title=" + service + " ", "TARGETARCH=" + arch + " "} {
				if !strings.Contains(build, want) {
					t.Errorf("the image of %s for %s is built without %q: %s", service, arch, want, build)
				}
			}
			archive, err := os.ReadFile(filepath.Join(images, arch, service+".tar"))
			if err != nil {
				t.Fatal(err)
			}
			content := filesOf(t, archive)
			isProgram(t, "the image", content["usr/bin/"+service], arch)
			if document := content["usr/share/doc/"+service+"/"+service+".spdx.json"]; !bytes.Contains(document, []byte(`"`+version+`"`)) {
				t.Errorf("what %s for %s is made of does not tell its version", service, arch)
			}
		}
	}
}

// filesOf are the files of an archive, by path.
func filesOf(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for reader := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.Trim(strings.TrimPrefix(header.Name, "."), "/")] = data
	}
}
