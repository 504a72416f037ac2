package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/services/engine-api/internal/config"
	"aura.radio/engine/services/engine-api/internal/playfile"
)

// logCommand logs plays that were missed, through the running service.
func logCommand(env cli.Env[config.Config]) *cobra.Command {
	var service cli.Remote
	var l missedLog
	cmd := cli.New("log FILE", "Log plays that were missed, from a file in CSV (.csv) or with a JSON object a line (.jsonl)", cobra.ExactArgs(1),
		func(cmd *cobra.Command, args []string) error {
			if l.by == "" || l.reason == "" {
				return cli.Usage(errors.New("--by and --reason are required: who logs the plays, and why"))
			}
			cfg, _, err := env.Load()
			if err != nil {
				return err
			}
			service.URL = cmp.Or(service.URL, cfg.HTTP.LocalURL())
			if l.client, err = service.Client(); err != nil {
				return err
			}
			defer l.client.Close()
			l.out = cmd.OutOrStdout()
			return l.logFile(cmd.Context(), args[0])
		})
	cmd.Flags().StringVar(&l.by, "by", "", "who logs the plays")
	cmd.Flags().StringVar(&l.reason, "reason", "", "why they are logged by hand")
	cmd.Flags().BoolVar(&l.dryRun, "dry-run", false, "only check the file")
	service.Flags(cmd, "service", "", "the service (default: as AURA_LISTEN says)")
	return cmd
}

// missedLog logs the rows of a file, and tells of each what became of it.
type missedLog struct {
	client         *peer.Client
	by, reason     string
	dryRun         bool
	out            io.Writer
	stored, wrongs int
}

func (l *missedLog) logFile(ctx context.Context, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := playfile.Read(name, file, func(row playfile.Row) error { return l.logRow(ctx, row) }); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(l.out, "%s: %d, wrong: %d\n", l.done(), l.stored, l.wrongs); err != nil {
		return err
	}
	if l.wrongs > 0 {
		return fmt.Errorf("rows that are wrong: %d", l.wrongs)
	}
	return nil
}

// done is what becomes of a good row.
func (l *missedLog) done() string {
	if l.dryRun {
		return "would be stored"
	}
	return "stored"
}

// logRow logs a row. What is wrong with it does not hold up the others.
func (l *missedLog) logRow(ctx context.Context, row playfile.Row) error {
	err := row.Wrong
	if err == nil {
		err = l.client.LogMissed(ctx, api.MissedEntry{By: l.by, Reason: l.reason, Entry: row.Play}, l.dryRun)
	}
	said, answered := errors.AsType[*peer.StatusError](err)
	switch {
	case err == nil:
		l.stored++
		_, err = fmt.Fprintf(l.out, "row %d: %s\n", row.Number, l.done())
		return err
	case row.Wrong != nil:
		return l.tellWrong(row, err.Error())
	case answered && (said.Status == http.StatusBadRequest || said.Status == http.StatusRequestEntityTooLarge):
		return l.tellWrong(row, said.Detail)
	}
	return fmt.Errorf("row %d: %w; from there on nothing is stored, and the command may be repeated", row.Number, err)
}

func (l *missedLog) tellWrong(row playfile.Row, why string) error {
	l.wrongs++
	_, err := fmt.Fprintf(l.out, "row %d: wrong: %s\n", row.Number, cli.Printable(why))
	return err
}
