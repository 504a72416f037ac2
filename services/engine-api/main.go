// Command engine-api serves one playout engine: it stores what the engine plays
// and provides it to the station's website.
package main

import "aura.radio/engine/services/engine-api/internal/command"

// version is stamped in by the build from the tag services/engine-api/vX.Y.Z.
var version = "0.0.0-dev"

func main() { command.Program(version).Main() }
