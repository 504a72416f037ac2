// Package command is status-monitor's command line: the service, and the
// commands of an operator.
package command

import (
	"cmp"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/cli/backup"
	"aura.radio/engine/services/status-monitor/internal/app"
	"aura.radio/engine/services/status-monitor/internal/config"
)

// Where the service and the sync node are found on their own host.
const (
	usualURL      = "http://127.0.0.1:8011"
	usualSyncNode = "http://127.0.0.1:8010"
)

// Program is status-monitor.
func Program(version string) cli.Program[config.Config] {
	return cli.Program[config.Config]{
		Name:    app.Name,
		Version: version,
		Short:   "Watches a station's engines and decides which one is on air",
		Default: config.Default,
		Load:    config.Load,
		Notes:   config.Config.Notes,
		Wire:    cli.Wire(app.New),
		Setup:   &plan,
		Checkup: check,
		// Only those that work on the database need the environment. The others are for
		// people, whose environment has nothing of the service's.
		Commands: func(env cli.Env[config.Config]) []*cobra.Command {
			syncNode := cmp.Or(env.Value("SYNC_HOST"), usualSyncNode)
			return []*cobra.Command{
				statusCommand(env.OwnURL(usualURL)), switchCommand(syncNode), releaseCommand(syncNode), maintenanceCommand(syncNode),
				backup.Backup(env, version, backups), backup.Restore(env, backups),
			}
		},
	}
}
