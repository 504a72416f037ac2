// Command sync-node unites what every engine of a station played into one
// on-air log, and serves that log to the website.
package main

import "aura.radio/engine/services/sync-node/internal/command"

// version is stamped in by the build from the tag services/sync-node/vX.Y.Z.
var version = "0.0.0-dev"

func main() { command.Program(version).Main() }
