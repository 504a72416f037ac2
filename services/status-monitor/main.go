// Command status-monitor will watch a station's engines and decide which one is
// on air. This version only prints what it is.
package main

import (
	"fmt"
	"io"
	"os"
	"slices"
)

// version is stamped in by the build from the tag services/status-monitor/vX.Y.Z.
var version = "0.0.0-dev"

// What the service is for, said plainly until it does it.
const notYet = `status-monitor: not built yet; this version can only print its version (status-monitor version).
It will listen to the engines' heartbeats, probe their hosts, and activate
another source when the active one fails.
`

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code: 2 for everything that this version cannot do.
func run(args []string, stdout, stderr io.Writer) int {
	if slices.Equal(args, []string{"version"}) {
		fmt.Fprintln(stdout, "status-monitor", version)
		return 0
	}
	fmt.Fprint(stderr, notYet)
	return 2
}
