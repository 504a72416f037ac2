package command

import (
	"aura.radio/engine/pkg/cli/backup"
	"aura.radio/engine/services/status-monitor/internal/config"
)

// backups say what becomes of what the monitor had still to tell.
var backups = backup.Options[config.Config]{
	Returns: func(config.Config, string) []string {
		return []string{
			"comes back by itself: who is on air, from the sync node, and who is alive, from the engines",
			"does not come back: what was to be told since then. What was told since then may be told again",
		}
	},
}
