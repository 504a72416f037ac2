// Command status-monitor watches a station's engines and decides which one is
// on air.
package main

import "aura.radio/engine/services/status-monitor/internal/command"

// version is stamped in by the build from the tag services/status-monitor/vX.Y.Z.
var version = "0.0.0-dev"

func main() { command.Program(version).Main() }
