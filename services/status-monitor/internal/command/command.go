// Package command is status-monitor's command line: the service, and what an
// operator does beside it.
package command

import (
	"context"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/services/status-monitor/internal/app"
	"aura.radio/engine/services/status-monitor/internal/config"
)

// Program is status-monitor.
func Program(version string) cli.Program[config.Config] {
	return cli.Program[config.Config]{
		Name:     app.Name,
		Version:  version,
		Short:    "Watches a station's engines and decides which one is on air",
		Long:     "status-monitor watches a station's engines and decides which one is on air.",
		Default:  config.Default,
		Load:     config.Load,
		Logging:  func(cfg config.Config) logging.Config { return cfg.Log },
		Database: func(cfg config.Config) repo.Config { return cfg.Database },
		Serve: func(ctx context.Context, cfg config.Config, log zerolog.Logger) error {
			a, err := app.New(cfg, version, log) //nolint:contextcheck // the database's goroutine ends with Close
			if err != nil {
				return err
			}
			return a.Run(ctx)
		},
		// None of them reads the environment: they are for people, whose own has
		// nothing of the service's.
		Commands: func(cli.Env[config.Config]) []*cobra.Command {
			return []*cobra.Command{statusCommand(), switchCommand(), releaseCommand(), maintenanceCommand()}
		},
	}
}
