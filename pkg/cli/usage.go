package cli

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/config"
)

// usage is a wrong command line.
type usage struct{ error }

func (u usage) Unwrap() error { return u.error }

// Usage marks an error as one of the command line: the program exits with
// ExitUsage, or as the command says by UsageExit, and points to --help.
func Usage(err error) error { return usage{err} }

// usageExit is the annotation of a command with an exit code of its own for a
// wrong command line.
const usageExit = "usage exit code"

// UsageExit gives a command another exit code for a wrong command line. It is
// for checks, whose exit codes have meanings of their own.
func UsageExit(cmd *cobra.Command, code int) {
	cmd.Annotations = map[string]string{usageExit: strconv.Itoa(code)}
}

// usageCode is the exit code for a wrong command line.
func usageCode(cmd *cobra.Command) int {
	if code, err := strconv.Atoi(cmd.Annotations[usageExit]); err == nil {
		return code
	}
	return ExitUsage
}

// unknownCommand adds what was probably meant to the error about the arguments of
// a command.
func unknownCommand(cmd *cobra.Command, args []string, err error) error {
	if len(args) == 0 || !cmd.HasAvailableSubCommands() {
		return err
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return suggest(err, config.Nearest(args[0], names))
}

var (
	unknownFlag = regexp.MustCompile(`^unknown flag: (--\S+)$`)
	longFlag    = regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[\w-]+)`)
)

// wrongFlag adds what was probably meant to an error about flags.
func wrongFlag(cmd *cobra.Command, err error) error {
	if found := unknownFlag.FindStringSubmatch(err.Error()); found != nil {
		var names []string
		for _, flag := range longFlag.FindAllStringSubmatch(cmd.Flags().FlagUsages(), -1) {
			names = append(names, flag[1])
		}
		err = suggest(err, config.Nearest(found[1], names))
	}
	return Usage(err)
}

func suggest(err error, meant string) error {
	if meant == "" {
		return err
	}
	return fmt.Errorf("%w; did you mean %s?", err, meant)
}

// hint says where the usage of a command is described.
func hint(cmd *cobra.Command) string { return fmt.Sprintf("see %s --help", cmd.CommandPath()) }

// incomplete is the error of a group without a command.
func incomplete(use string, names []string) error {
	return Usage(errors.New(use + " needs one of the commands " + strings.Join(names, ", ")))
}
