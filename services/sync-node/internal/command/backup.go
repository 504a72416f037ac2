package command

import (
	"aura.radio/engine/pkg/cli/backup"
	"aura.radio/engine/services/sync-node/internal/config"
)

// backups say what the nodes give back.
var backups = backup.Options[config.Config]{
	Returns: func(cfg config.Config, _ string) []string {
		if len(cfg.MainHosts) == 0 {
			return []string{"comes back by itself: what nodes had not sent yet; without AURA_MAIN_HOST_n nothing else"}
		}
		return []string{
			"comes back by itself from the nodes, with the next comparison: plays, corrections, health, the history of the active source, the rules of what was heard",
			"does not come back: corrections that were made here after the last comparison, which sources are in maintenance, and records of sources that no host has as its own",
			"look at what is in maintenance, and at who is on air, before the monitor decides: status-monitor status",
		}
	},
}
