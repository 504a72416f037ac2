package purge

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
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/stationtime"
)

// Record has the plays; *repo.Node and *repo.Station are some.
type Record interface {
	cli.Database
	playlog.Purged
	// Prepared reports whether it was derived what was heard.
	Prepared(ctx context.Context) (bool, error)
	// DecidePurge stores a purge. From then on no play is stored that is gone by it.
	DecidePurge(ctx context.Context, p model.Purge) error
}

// Settings are what the commands take from the service's configuration.
type Settings struct {
	// Zone is the station's.
	Zone *stationtime.Zone
	// Decider is the address of the sync node if that decides; "" if the service
	// itself does.
	Decider string
	// NotPrepared says what to do first if the record is not prepared; nil: nothing
	// needs to be done.
	NotPrepared error
}

// Commands are those over the service's database. open does not create one.
func Commands[C cli.Config, R Record](env cli.Env[C], open func(cfg C, log zerolog.Logger) (R, error), settings func(cfg C) Settings) *cobra.Command {
	var w wish
	with := func(cmd *cobra.Command, do func(ctx context.Context, j *job) error) error {
		return cli.WithDatabase(cmd.Context(), env, open, func(ctx context.Context, cfg C, record R, _ zerolog.Logger) error {
			s := settings(cfg)
			return do(ctx, &job{Settings: s, record: record, month: playlog.Month(s.Zone), program: cmd.Root().Name(), out: cmd.OutOrStdout(), errOut: cmd.ErrOrStderr()})
		})
	}
	plays := cli.New("plays", "Delete all plays before a day of the station for ever", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		if err := w.check(); err != nil {
			return err
		}
		return with(cmd, func(ctx context.Context, j *job) error { return j.plays(ctx, w) })
	})
	plays.Long = "plays deletes the plays that began before a day of the station, with their corrections, here and in all databases of the\n" +
		"station. What remains is who decided it, when and why, and how much went; purge list shows it. Such plays are not stored\n" +
		"again. See first what would go: --dry-run changes nothing. Nothing brings them back except an import after a restored\n" +
		"backup of all hosts, so export them first. The service may go on running, and goes on if the command is cut off.\n" +
		"With a sync node, that decides, and this command is run there."
	f := plays.Flags()
	f.StringVar(&w.before, "before", "", "the first day that is kept, such as 2016-01-01; at least 31 days ago")
	f.IntVar(&w.source, "source", 0, "only plays of this source (default: of every source)")
	f.StringVar(&w.reason, "reason", "", "why, for the record")
	f.StringVar(&w.as, "as", cli.Person(), "name of the person, for the record")
	f.BoolVar(&w.dryRun, "dry-run", false, "only list what would be deleted")
	f.StringVar(&w.report, "report", "", "also write what was, or would be, deleted to this file: .json or .csv")
	var report string
	list := cli.New("list", "List what was purged: before when, by whom, why, and how much", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		if err := checkFile(report); err != nil {
			return err
		}
		return with(cmd, func(ctx context.Context, j *job) error { return j.list(ctx, report) })
	})
	list.Flags().StringVar(&report, "report", "", "also write the list to this file: .json or .csv")
	return cli.Group("purge", "Delete old plays for ever, or list what was deleted", plays, list)
}

// wish is what a person asks for.
type wish struct {
	before, reason, as, report string
	source                     int
	dryRun                     bool
}

func (w *wish) check() error {
	switch {
	case w.before == "":
		return cli.Usage(errors.New("--before is required: the first day that is kept, such as 2016-01-01"))
	case w.reason == "" && !w.dryRun:
		return cli.Usage(errors.New("--reason is required: it remains when the plays are gone"))
	}
	return checkFile(w.report)
}

// purge is the decision. A dry run needs no reason.
func (w *wish) purge(zone *stationtime.Zone, now time.Time) (model.Purge, error) {
	from, _, err := zone.Day(w.before)
	if err != nil {
		return model.Purge{}, cli.Usage(fmt.Errorf("--before %q %w", w.before, err))
	}
	p := model.Purge{Before: from, Source: w.source, At: now, By: w.as, Reason: w.reason}
	p.Normalize()
	judged := p
	if w.dryRun {
		judged.Reason = "dry run"
	}
	if err := judged.Validate(now); err != nil {
		return p, cli.Usage(err)
	}
	return p, nil
}

// job is one run of a command.
type job struct {
	Settings
	record      Record
	month       func(time.Time) string
	program     string
	out, errOut io.Writer
}

func (j *job) plays(ctx context.Context, w wish) error {
	p, err := w.purge(j.Zone, time.Now())
	if err != nil {
		return err
	}
	if j.Decider != "" && !w.dryRun {
		return cli.Mistake(fmt.Errorf("the sync node at %s decides which plays are purged; run `sync-node purge plays` there", j.Decider))
	}
	if w.dryRun {
		return j.try(ctx, p, w.report)
	}
	prepared, err := j.record.Prepared(ctx)
	if err != nil {
		return err
	}
	if !prepared && j.NotPrepared != nil {
		return cli.Mistake(j.NotPrepared)
	}
	if p, err = j.decide(ctx, p); err != nil {
		return err
	}
	if err := j.carryOut(ctx, &p); err != nil {
		return fmt.Errorf("it is decided, and not done: the service goes on with it, and so does the same command: %w", err)
	}
	return j.tell(ctx, p.UID(), w.report)
}

// try shows what would go.
func (j *job) try(ctx context.Context, p model.Purge, file string) (err error) {
	var looked atomic.Int64
	stop := j.progress(&looked, 0)
	p.Gone, err = j.record.Purgeable(ctx, p, j.month, looked.Store)
	stop()
	if err != nil {
		return err
	}
	if err := writeGone(j.out, p.Gone); err != nil {
		return err
	}
	first := j.Zone.In(p.Before)
	source := ""
	if p.Source != 0 {
		source = fmt.Sprintf(" --source %d", p.Source)
	}
	if _, err := fmt.Fprintf(j.out, "Nothing is deleted yet. To keep a copy: %s export --to %s%s plays.jsonl\n",
		j.program, first.AddDate(0, 0, -1).Format(time.DateOnly), source); err != nil {
		return err
	}
	return writeFile(file, j.Zone, p)
}

// decide stores the decision, unless the same was decided before.
func (j *job) decide(ctx context.Context, p model.Purge) (model.Purge, error) {
	known, err := j.record.Purges(ctx)
	if err != nil {
		return p, err
	}
	for _, k := range known {
		if k.Source == p.Source && k.Before.Equal(p.Before) {
			return k, nil
		}
	}
	return p, j.record.DecidePurge(ctx, p)
}

// carryOut deletes all that is gone by a purge.
func (j *job) carryOut(ctx context.Context, p *model.Purge) error {
	there, err := j.record.Purgeable(ctx, *p, j.month, nil)
	if err != nil {
		return err
	}
	var deleted atomic.Int64
	defer j.progress(&deleted, model.Total(there).Entries)()
	return playlog.DeletePurged(ctx, j.record, p.UID(), j.month, func(n int64) { deleted.Add(n) })
}

// tell shows what remains of a purge.
func (j *job) tell(ctx context.Context, uid model.Fingerprint, file string) error {
	known, err := j.record.Purges(ctx)
	if err != nil {
		return err
	}
	for _, p := range known {
		if p.UID() != uid {
			continue
		}
		if err := writePurge(j.out, j.Zone, p); err != nil {
			return err
		}
		return writeFile(file, j.Zone, p)
	}
	return model.ErrNotFound
}

func (j *job) list(ctx context.Context, file string) error {
	known, err := j.record.Purges(ctx)
	if err != nil {
		return err
	}
	if len(known) == 0 {
		_, err = fmt.Fprintln(j.out, "nothing was purged")
	}
	for _, p := range known {
		if err == nil {
			err = writePurge(j.out, j.Zone, p)
		}
	}
	if err != nil {
		return err
	}
	return writeFile(file, j.Zone, known...)
}

// progress shows how many entries are done, of that many; 0 if that is unknown.
func (j *job) progress(done *atomic.Int64, total int64) (stop func()) {
	return progress.Show(j.errOut, func() progress.State {
		s := progress.State{Done: done.Load(), Part: -1}
		if total > 0 {
			s.Part = float64(s.Done) / float64(total)
		}
		s.Text = fmt.Sprintf("%d entries", s.Done)
		return s
	})
}
