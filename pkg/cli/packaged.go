package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/repo"
)

// asService is how the package runs a command as systemd runs the service. It is "" if
// there is no such program on this host, or if this process was started in that way.
func (env Env[C]) asService(i instance.Name, words string) string {
	if env.environ["STATE_DIRECTORY"] != "" {
		return ""
	}
	own := instance.Instance{Service: env.program.Name, Name: i}
	for _, dir := range filepath.SplitList(env.environ["PATH"]) {
		if _, err := os.Stat(filepath.Join(dir, own.Runner())); err == nil {
			return own.AsService(words)
		}
	}
	return ""
}

// isConfigured reports whether the environment has a variable of ours.
func (env Env[C]) isConfigured() bool {
	for name := range env.environ {
		if strings.HasPrefix(name, config.Prefix) {
			return true
		}
	}
	return false
}

// missed says how to run a command that missed what the service stores; "" if it missed
// something else.
func (env Env[C]) missed(cmd *cobra.Command, err error) string {
	runs := env.asService("", wordsOf(cmd))
	if runs == "" || env.isConfigured() || !errors.Is(err, repo.ErrNoDatabase) {
		return ""
	}
	return fmt.Sprintf("what the service stores is read as the service: %s …", runs)
}

// wrongFlag is the error about a flag. A flag that only the package's program has is
// named with that program.
func (env Env[C]) wrongFlag(cmd *cobra.Command, err error) error {
	runs := env.asService("NAME", wordsOf(cmd))
	if runs == "" || err.Error() != "unknown flag: --instance" {
		return wrongFlag(cmd, err)
	}
	return Usage(fmt.Errorf("%w; this command is run for an instance by: %s …", err, runs))
}

// wordsOf is a command without the name of the program.
func wordsOf(cmd *cobra.Command) string {
	return strings.TrimSpace(strings.TrimPrefix(cmd.CommandPath(), cmd.Root().CommandPath()))
}
