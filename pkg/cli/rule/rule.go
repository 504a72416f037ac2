package rule

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/cli/progress"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/stationtime"
)

// Record has the rules, and what was derived by them; *repo.Node and *repo.Station
// are some.
type Record interface {
	cli.Database
	Rules(ctx context.Context) ([]model.HeardRule, error)
	// Prepared reports whether it was derived what was heard.
	Prepared(ctx context.Context) (bool, error)
	// SetRule lets a rule count from its time on, and returns how much that changed.
	SetRule(ctx context.Context, r model.HeardRule, progress func(done, total int64)) (differing int, err error)
	// TryRule tells what SetRule would change.
	TryRule(ctx context.Context, r model.HeardRule, found func(onair.Difference), progress func(done, total int64)) error
}

// Settings are what the command takes from the service's configuration.
type Settings struct {
	// Configured is the configured rule.
	Configured model.HeardRule
	// Zone is the station's.
	Zone *stationtime.Zone
	// Decider is the address of the sync node if that decides; "" if the service
	// itself does.
	Decider string
	// NotPrepared says what to do first if the record is not prepared.
	NotPrepared error
}

// Command is the command over the service's database. open does not create one.
func Command[C cli.Config, R Record](env cli.Env[C], open func(cfg C, log zerolog.Logger) (R, error), settings func(cfg C) Settings) *cobra.Command {
	var w wish
	cmd := cli.New("rule", "Show by which rules it is derived what was heard, or let the configured one count", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		return cli.WithDatabase(cmd.Context(), env, open, func(ctx context.Context, cfg C, record R, _ zerolog.Logger) error {
			j := job{record: record, Settings: settings(cfg), program: cmd.Root().Name(), out: cmd.OutOrStdout(), errOut: cmd.ErrOrStderr()}
			return j.do(ctx, w)
		})
	})
	cmd.Long = "rule shows the rules of the station's record, each with the time from which it counts. With --from the configured rule\n" +
		"counts from then on, and it is derived again from there what was heard; reports of that time change. See first what they\n" +
		"would lose and win: --dry-run changes nothing, and lists that by month and reason. The service may go on running.\n" +
		"With a sync node, that decides, and this command is run there."
	cmd.Flags().StringVar(&w.from, "from", "", "a day of the station, or a time with offset")
	cmd.Flags().BoolVar(&w.dryRun, "dry-run", false, "only list what would change")
	cmd.Flags().BoolVar(&w.asSaid, "as-said", false, "rule 1 instead of the configured one: each play as it was said")
	return cmd
}

// wish is what a person asks for.
type wish struct {
	from           string
	dryRun, asSaid bool
}

// job is one run of the command.
type job struct {
	Settings
	record      Record
	program     string
	out, errOut io.Writer
}

func (j *job) do(ctx context.Context, w wish) error {
	wanted := j.Configured
	if w.asSaid {
		wanted = model.HeardRule{Version: model.RuleAsSaid}
	}
	if w.from == "" {
		if w.dryRun || w.asSaid {
			return cli.Mistake(errors.New("say from when: --from 2026-01-01"))
		}
		return j.show(ctx)
	}
	at, err := j.Zone.From(w.from)
	if err != nil {
		return cli.Mistake(fmt.Errorf("--from: %w", err))
	}
	wanted.From = at
	if j.Decider != "" && !w.dryRun {
		return cli.Mistake(fmt.Errorf("the sync node at %s decides by which rule it is derived what was heard; run `sync-node rule` there", j.Decider))
	}
	prepared, err := j.record.Prepared(ctx)
	if err != nil {
		return err
	}
	if !prepared {
		return cli.Mistake(j.NotPrepared)
	}
	if w.dryRun {
		return j.try(ctx, wanted)
	}
	return j.set(ctx, wanted)
}

func (j *job) show(ctx context.Context) error {
	rules, err := j.record.Rules(ctx)
	if err != nil {
		return err
	}
	if len(rules) == 0 {
		rules = []model.HeardRule{model.DefaultHeardRule()}
	}
	for _, r := range rules {
		since := "from the beginning"
		if r.From.After(model.Earliest) {
			since = "from " + j.Zone.In(r.From).Format(time.RFC3339)
		}
		if err := j.line("%s: %s", since, r); err != nil {
			return err
		}
	}
	switch last := rules[len(rules)-1]; {
	case j.Decider != "":
		return j.line("The sync node at %s decides, and this node follows.", j.Decider)
	case !last.IsSame(j.Configured):
		return j.line("The configuration asks for another one, which does not count until `%s rule --from …`: %s", j.program, j.Configured)
	}
	return nil
}

func (j *job) try(ctx context.Context, wanted model.HeardRule) error {
	found := tally{zone: j.Zone}
	err := j.withProgress(func(progress func(done, total int64)) error {
		return j.record.TryRule(ctx, wanted, found.add, progress)
	})
	if err != nil {
		return err
	}
	for _, line := range found.lines() {
		if err := j.line("%s", line); err != nil {
			return err
		}
	}
	return nil
}

func (j *job) set(ctx context.Context, wanted model.HeardRule) error {
	return j.withProgress(func(progress func(done, total int64)) error {
		differing, err := j.record.SetRule(ctx, wanted, progress)
		if err != nil {
			return err
		}
		return j.line("%s: it counts; %d places of the log changed", wanted, differing)
	})
}

func (j *job) line(format string, args ...any) error {
	_, err := fmt.Fprintf(j.out, format+"\n", args...)
	return err
}

// withProgress calls do with a function that shows progress.
func (j *job) withProgress(do func(progress func(done, total int64)) error) error {
	var passed, all atomic.Int64
	stop := progress.Show(j.errOut, func() progress.State {
		done, part := passed.Load(), -1.0
		if total := all.Load(); total > 0 {
			part = float64(done) / float64(total)
		}
		return progress.State{Text: fmt.Sprintf("%d entries", done), Done: done, Part: part}
	})
	defer stop()
	return do(func(done, total int64) { passed.Store(done); all.Store(total) })
}
