package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"aura.radio/engine/pkg/repo/repotest"
)

// tree is the root of the working tree.
const tree = "../.."

// services are those of this project.
var services = []string{"engine-api", "sync-node", "status-monitor"}

// bin is the folder of the programs under test, built as they ship.
var bin string

// TestMain lets more tests run at once than there are cores, because most of them
// wait for processes. The command line may say otherwise.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	if os.Getenv(insideHost) != "" || os.Getenv(insideLab) != "" { // the programs are installed there
		return m.Run()
	}
	if testing.Short() {
		fmt.Println("end-to-end tests take long; -short leaves them out")
		return 0
	}
	var err error
	if bin, err = os.MkdirTemp("", "aura-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(bin)
	build := exec.CommandContext(context.Background(), filepath.Join(tree, "scripts/build.sh"), append([]string{bin}, services...)...)
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		return 1
	}
	return repotest.Main(m)
}
