// Package command is engine-api's command line.
package command

import (
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/cli/archive"
	"aura.radio/engine/pkg/cli/backup"
	"aura.radio/engine/pkg/cli/correct"
	"aura.radio/engine/pkg/cli/purge"
	"aura.radio/engine/pkg/cli/rule"
	"aura.radio/engine/services/engine-api/internal/app"
	"aura.radio/engine/services/engine-api/internal/config"
)

// usualURL is where the service is found on its own host.
const usualURL = "http://127.0.0.1:8008"

// Program is engine-api.
func Program(version string) cli.Program[config.Config] {
	return cli.Program[config.Config]{
		Name:    app.Name,
		Version: version,
		Short:   "Stores what a playout engine plays, and serves it",
		Default: config.Default,
		Load:    config.Load,
		Wire:    cli.Wire(app.New),
		Setup:   &plan,
		Checkup: check,
		Commands: func(env cli.Env[config.Config]) []*cobra.Command {
			url := env.OwnURL(usualURL)
			return []*cobra.Command{
				outboxCommands(env), journalCommands(env), refusedCommands(env), logCommand(env),
				rule.Command(env, openNode, ruleSettings), purge.Commands(env, openNode, purgeSettings),
				archive.Export(env, openNode, zoneOf), archive.Import(url),
				correct.Commands(url, correct.Source(url)),
				backup.Backup(env, version, backups), backup.Restore(env, backups),
			}
		},
	}
}
