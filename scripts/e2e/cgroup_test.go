package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// cgroup holds the processes of one host. Below it, the host's systemd is alone: units
// of other hosts have the same names.
type cgroup struct {
	*os.File
	dir string
}

// newCgroup makes a group below another one.
func newCgroup(t *testing.T, parent, name string) cgroup {
	t.Helper()
	dir, err := os.MkdirTemp(parent, name+"-")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return cgroup{f, dir}
}

// start has a command begin in the group.
func (g cgroup) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(g.Fd())}
	err := cmd.Start()
	return errors.Join(err, g.Close())
}

// remove removes the group when all of it has ended, and the groups that its systemd
// made below. The kernel refuses to remove a group that is in use.
func (g cgroup) remove() {
	_ = exec.Command("find", g.dir, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+").Run()
}

// ownCgroup is the folder of this process's group.
func ownCgroup() (string, error) {
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	own := ""
	for line := range strings.Lines(string(groups)) {
		if path, found := strings.CutPrefix(line, "0::"); found {
			own = strings.TrimSpace(path)
		}
	}
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); strings.Contains(line, " - cgroup2 ") {
			root, place := fields[3], fields[4]
			return filepath.Join(place, strings.TrimPrefix(own, root)), nil
		}
	}
	return "", errors.New("cgroup2 is mounted nowhere")
}
