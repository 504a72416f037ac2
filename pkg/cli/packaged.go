package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/repo"
)

// packaged is how the package runs a command as systemd runs the service: sudo
// aura-engine-api. It is "" if there is no such program on this host, or if this
// process was started in that way.
func (env Env[C]) packaged() string {
	if env.environ["STATE_DIRECTORY"] != "" {
		return ""
	}
	name := "aura-" + env.program.Name
	for _, dir := range filepath.SplitList(env.environ["PATH"]) {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return "sudo " + name
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

// asService says how to run a command that missed what the service stores; "" if it
// missed something else.
func (env Env[C]) asService(cmd *cobra.Command, err error) string {
	runs := env.packaged()
	if runs == "" || env.isConfigured() || !errors.Is(err, repo.ErrNoDatabase) {
		return ""
	}
	return "what the service stores is read as the service: " + runs + wordsOf(cmd) + " …"
}

// forInstance is wrongFlag for programs whose package runs commands for an instance.
func (env Env[C]) forInstance(cmd *cobra.Command, err error) error {
	runs := env.packaged()
	if runs == "" || err.Error() != "unknown flag: --instance" {
		return wrongFlag(cmd, err)
	}
	return Usage(errors.New("unknown flag: --instance; this command is run for an instance by: " + runs + " --instance NAME" + wordsOf(cmd) + " …"))
}

// wordsOf is a command without the name of the program, with a blank before each word.
func wordsOf(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().CommandPath())
}
