// Command sync-node will unite what every engine of a station played into one
// on-air log. This version only prints what it is.
package main

import (
	"fmt"
	"io"
	"os"
	"slices"
)

// version is stamped in by the build from the tag services/sync-node/vX.Y.Z.
var version = "0.0.0-dev"

// What the service is for, said plainly until it does it.
const notYet = `sync-node: not built yet; this version can only print its version (sync-node version).
It will collect the playlogs of all engines, keep the history of the active
source, derive the on-air log from both, and serve that to the website.
`

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code: 2 for everything that this version cannot do.
func run(args []string, stdout, stderr io.Writer) int {
	if slices.Equal(args, []string{"version"}) {
		fmt.Fprintln(stdout, "sync-node", version)
		return 0
	}
	fmt.Fprint(stderr, notYet)
	return 2
}
