// Package command is sync-node's command line.
package command

import (
	"context"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/services/sync-node/internal/app"
	"aura.radio/engine/services/sync-node/internal/config"
)

// env is what the commands have in common.
type env = cli.Env[config.Config]

// Program is sync-node.
func Program(version string) cli.Program[config.Config] {
	return cli.Program[config.Config]{
		Name:     app.Name,
		Version:  version,
		Short:    "Unites what every engine played into one on-air log, and serves it",
		Long:     "sync-node unites what every engine of a station played into one on-air log, and serves it.",
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
		Commands: func(env env) []*cobra.Command { return []*cobra.Command{reconcileCommand(env), auditCommand(env)} },
	}
}
