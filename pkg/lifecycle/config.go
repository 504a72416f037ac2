package lifecycle

import (
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/repo"
)

// Config holds the blocks that every service has. A service embeds it in its
// own configuration.
type Config struct {
	Database repo.Config
	HTTP     httpserver.Config
	Log      logging.Config

	Instance instance.Name `env:"INSTANCE" doc:"Which of several programmes on the same hosts this one is, such as web. Backups bear the name, and restore refuses those of another programme. A unit such as engine-api@web sets it by its folder; in a container, setup --instance writes it. Empty: the first programme."`
}

// Validate checks what the blocks do not check themselves.
func (c Config) Validate() error { return repo.CheckParameters(c.Database) }

// Base is what the command line needs to know of any service's configuration.
func (c Config) Base() Config { return c }
