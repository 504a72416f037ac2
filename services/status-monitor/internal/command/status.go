package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/peer"
)

// Exit codes of status, as in checks in the manner of Nagios.
const (
	exitWarning  = 1
	exitCritical = 2
	exitUnknown  = 3
)

// watchEvery is how often --watch asks.
const watchEvery = time.Second

func statusCommand(url string) *cobra.Command {
	var n cli.Remote
	var asJSON, watch bool
	cmd := cli.New("status", "Show the sources, the active source, and who decides", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		client, err := n.Client()
		if err != nil {
			return err
		}
		defer client.Close()
		if watch {
			return watchStatus(cmd.Context(), client, asJSON, cmd.OutOrStdout())
		}
		code, err := showStatus(cmd.Context(), client, asJSON, cmd.OutOrStdout())
		if err != nil {
			return cli.Exit(exitUnknown, fmt.Errorf("UNKNOWN: %w", err))
		}
		if code != cli.ExitOK {
			return cli.Exit(code, nil)
		}
		return nil
	})
	cli.UsageExit(cmd, exitUnknown)
	cmd.Long = "status shows what a monitor sees. Its exit code serves Nagios and similar checks:\n" +
		"0 all is well, 1 something needs a look, 2 the alarm is raised or nothing knows the active source,\n" +
		"3 the monitor does not answer, or the command line is wrong."
	n.Flags(cmd, "monitor", url, "the monitor")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "show the status again every second, until the command is interrupted")
	return cmd
}

// showStatus prints the status once and returns the exit code.
func showStatus(ctx context.Context, client *peer.Client, asJSON bool, out io.Writer) (code int, err error) {
	status, err := client.MonitorStatus(ctx)
	if err != nil {
		return exitUnknown, err
	}
	code, summary := judge(status)
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return code, encoder.Encode(status)
	}
	return code, printStatus(status, summary, out)
}

// watchStatus prints the status until ctx ends: one screen after another, or
// with JSON one line after another.
func watchStatus(ctx context.Context, client *peer.Client, asJSON bool, out io.Writer) error {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		status, err := client.MonitorStatus(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case asJSON && err == nil:
			err = json.NewEncoder(out).Encode(status)
		case asJSON:
		case err != nil:
			_, err = fmt.Fprintf(out, "%sUNKNOWN: %v\n", clearScreen, err)
		default:
			_, summary := judge(status)
			if _, err = io.WriteString(out, clearScreen); err == nil {
				err = printStatus(status, summary, out)
			}
		}
		if err != nil && !asJSON {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// clearScreen is a sequence that terminals since the VT100 understand.
const clearScreen = "\x1b[H\x1b[2J"

// judge says how things stand, for a machine and in words.
func judge(s api.MonitorStatus) (code int, summary string) {
	if s.Alarm != "" {
		return exitCritical, "CRITICAL: " + s.Alarm
	}
	if s.Active.Unknown {
		return exitCritical, fmt.Sprintf("CRITICAL: source %s is active, and nothing knows it; "+
			"activate another one with switch, or name it in AURA_SOURCE_NAMES of the sync node", title(s.Active.Source, s.Active.Name))
	}
	if why := worry(s); why != nil {
		return exitWarning, "WARNING: " + why.Error()
	}
	return cli.ExitOK, fmt.Sprintf("OK: source %s is active", title(s.Active.Source, s.Active.Name))
}

// worry is the worst of what needs a look; nil if nothing does.
func worry(s api.MonitorStatus) error {
	for _, source := range s.Sources {
		if source.State != api.SourceUp && !source.Maintenance {
			return fmt.Errorf("source %s is %s: %s", title(source.Number, source.Name), source.State, source.Reason)
		}
	}
	switch {
	case !s.SyncNode.Reachable:
		return fmt.Errorf("the sync node does not answer: %s", s.SyncNode.Detail)
	case !s.Active.Known:
		return errors.New("the active source is not known")
	}
	for _, w := range s.Waiting {
		if w.Error != "" {
			return fmt.Errorf("a delivery of %s waits: %s", w.Channel, w.Error)
		}
	}
	for _, source := range s.Sources {
		if source.ApiFailure != nil && *source.ApiFailure != "" && !source.Maintenance {
			return fmt.Errorf("the engine-api of source %s %s", title(source.Number, source.Name), *source.ApiFailure)
		}
		if source.Check != "" && !strings.HasPrefix(source.Check, "OK") && !source.Maintenance {
			return fmt.Errorf("the check of source %s says %s", title(source.Number, source.Name), source.Check)
		}
	}
	return nil
}
