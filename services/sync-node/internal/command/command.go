// Package command is sync-node's command line.
package command

import (
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/cli/correct"
	"aura.radio/engine/services/sync-node/internal/app"
	"aura.radio/engine/services/sync-node/internal/config"
)

// env is what the commands share.
type env = cli.Env[config.Config]

// Program is sync-node.
func Program(version string) cli.Program[config.Config] {
	return cli.Program[config.Config]{
		Name:    app.Name,
		Version: version,
		Short:   "Unites what every engine of a station played into one on-air log, and serves it",
		Default: config.Default,
		Load:    config.Load,
		Wire:    cli.Wire(app.New),
		Commands: func(env env) []*cobra.Command {
			return []*cobra.Command{reconcileCommand(env), auditCommand(env), ruleCommand(env), correct.Commands("http://127.0.0.1:8010")}
		},
	}
}
