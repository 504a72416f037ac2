// Package command is engine-api's command line.
package command

import (
	"context"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/services/engine-api/internal/app"
	"aura.radio/engine/services/engine-api/internal/config"
)

// Program is engine-api.
func Program(version string) cli.Program[config.Config] {
	return cli.Program[config.Config]{
		Name:     app.Name,
		Version:  version,
		Short:    "Stores what a playout engine plays, and serves it",
		Long:     "engine-api stores what a playout engine plays, and serves it.",
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
		Commands: func(env cli.Env[config.Config]) []*cobra.Command {
			return []*cobra.Command{outboxCommands(env)}
		},
	}
}
