package e2e

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// machines are what the architectures of packages and images are to the kernel.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// isProgram checks that data is a program of that architecture that needs no
// libraries.
func isProgram(t *testing.T, where string, data []byte, arch string) {
	t.Helper()
	program, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Errorf("%s, %s: %v", where, arch, err)
		return
	}
	defer program.Close()
	if libraries, err := program.ImportedLibraries(); program.Machine != machines[arch] || len(libraries) > 0 || err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		t.Errorf("%s, %s: a program for %s with libraries %v (%v)", where, arch, program.Machine, libraries, err)
	}
}

// imageOfArm64: beside the architecture and what is in it, the image for arm64 is that
// for this machine.
func imageOfArm64(t *testing.T, c *containers) {
	c.make(t, "docker-build", "1.0.0", "SERVICES=engine-api", "ARCHS=arm64", "PROGRAMS=", "IMAGES="+filepath.Join(c.dir, "arm64"))
	image, here := registry+"/engine-api:1.0.0-arm64", registry+"/engine-api:1.0.0-"+runtime.GOARCH
	if got := c.sh(t, "image", "inspect", "--format", "{{.Os}}/{{.Architecture}}", image); got != "linux/arm64" {
		t.Errorf("the image is for %s", got)
	}
	about := "{{json .Config.Labels}} {{.Config.User}} {{.Config.Entrypoint}} {{json .Config.Volumes}}"
	if got, want := c.sh(t, "image", "inspect", "--format", about, image), c.sh(t, "image", "inspect", "--format", about, here); got != want {
		t.Errorf("the image says of itself\n%s\nand that for this machine\n%s", got, want)
	}
	out := filepath.Join(c.dir, "arm64-program")
	c.sh(t, "create", "--platform", "linux/arm64", "--name", "arm64", image)
	c.sh(t, "cp", "arm64:/usr/bin/engine-api", out)
	c.sh(t, "rm", "arm64")
	program, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	isProgram(t, image, program, "arm64")
}

// TestArm64 runs engine-api for arm64 in an emulator. What it stores is there after
// a restart.
func TestArm64(t *testing.T) {
	const emulator = "qemu-aarch64-static"
	needSoak(t, emulator)
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), filepath.Join(tree, "scripts/build.sh"), dir, "engine-api")
	build.Env = environment("GOARCH=arm64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// A program that launch starts as it starts any other.
	emulated := filepath.Join(dir, "emulated")
	if err := os.Mkdir(emulated, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(emulated, "engine-api"), []byte("#!/bin/sh\nexec "+emulator+" "+dir+"/engine-api \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	database := "sqlite://" + filepath.Join(dir, "engine-api.db")
	for _, number := range []int{1, 2} {
		s := launchFrom(t, emulated, dir, "engine-api", database)
		t.Cleanup(func() { s.end(t) })
		awaitReady(t, s.url, s.exited)
		mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, fmt.Sprint("Title ", number), time.Now()), http.StatusNoContent)
		if got := titles(t, s.url); len(got) != number {
			t.Errorf("it has %v", got)
		}
		s.signal(t, syscall.SIGTERM)
	}
}
