// Package command is sync-node's command line.
package command

import (
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/cli/archive"
	"aura.radio/engine/pkg/cli/backup"
	"aura.radio/engine/pkg/cli/correct"
	"aura.radio/engine/pkg/cli/purge"
	"aura.radio/engine/pkg/cli/rule"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/services/sync-node/internal/app"
	"aura.radio/engine/services/sync-node/internal/config"
)

// env is what the commands share.
type env = cli.Env[config.Config]

// openStation opens the service's database, which must exist.
func openStation(cfg config.Config, log zerolog.Logger) (*repo.Station, error) {
	return repo.OpenExistingStation(cfg.Database, cfg.DefaultSource, log)
}

// zoneOf is the station's zone.
func zoneOf(cfg config.Config) *stationtime.Zone { return cfg.Station.Zone }

// ruleSettings are those of the rule of what was heard.
func ruleSettings(cfg config.Config) rule.Settings {
	return rule.Settings{Configured: cfg.Heard.Rule(), Zone: cfg.Station.Zone, NotPrepared: errNotPrepared}
}

// usualURL is where the service is found on its own host.
const usualURL = "http://127.0.0.1:8010"

// purgeSettings are those of the commands that purge.
func purgeSettings(cfg config.Config) purge.Settings {
	return purge.Settings{Zone: cfg.Station.Zone, NotPrepared: errNotPrepared}
}

// Program is sync-node.
func Program(version string) cli.Program[config.Config] {
	return cli.Program[config.Config]{
		Name:    app.Name,
		Version: version,
		Short:   "Unites what all engines of a station played into one on-air log",
		Default: config.Default,
		Load:    config.Load,
		Wire:    cli.Wire(app.New),
		Setup:   &plan,
		Checkup: check,
		Commands: func(env env) []*cobra.Command {
			url := env.OwnURL(usualURL)
			return []*cobra.Command{
				inviteCommand(env), reconcileCommand(env), auditCommand(env), rule.Command(env, openStation, ruleSettings),
				purge.Commands(env, openStation, purgeSettings),
				archive.Export(env, openStation, zoneOf), archive.Import(url),
				correct.Commands(url),
				backup.Backup(env, version, backups), backup.Restore(env, backups),
			}
		},
	}
}
