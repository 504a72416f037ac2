// Command engine-api is the memory and the voice of one playout engine: it
// stores what the engine plays and serves it to the station's website.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/services/engine-api/internal/command"
)

// version is stamped in by the build from the tag services/engine-api/vX.Y.Z.
var version = "0.0.0-dev"

// gcPercent lets the small heap of this service grow further between two
// collections: answers from memory make little garbage, and each collection
// would take a core from them.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := command.Run(ctx, os.Args[1:], config.Environ(), version, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
