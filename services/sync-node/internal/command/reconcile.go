package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/cli/progress"
	"aura.radio/engine/pkg/exchange"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/services/sync-node/internal/app"
	"aura.radio/engine/services/sync-node/internal/config"
	"aura.radio/engine/services/sync-node/internal/reconcile"
)

func reconcileCommand(env env) *cobra.Command {
	var nodes []int
	cmd := cli.New("reconcile", "Compare with the nodes now, and fetch and send what differs", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		return withNodes(env, cmd, func(ctx context.Context, _ *repo.Station, r *reconcile.Reconciler) error {
			work := work{nodes: r}
			stop := progress.Show(cmd.ErrOrStderr(), work.state)
			err := r.Once(ctx, nodes...)
			mended, mending := r.MendLog(ctx, work.passed)
			stop()
			out := &lines{out: cmd.OutOrStdout()}
			refused := outcome(out, r.Status())
			switch {
			case mending != nil:
			case mended == 0:
				out.line("on-air log: agrees with the records and the activations")
			default:
				out.line("on-air log: %d segments did not agree with the records and the activations; they were derived again", mended)
			}
			return errors.Join(err, refused, mending, out.err)
		})
	})
	cmd.Long = "reconcile compares with the nodes, and fetches and sends what differs. Then it derives the on-air log again if the log\n" +
		"does not agree with the stored records. It exits with 0 only if no node failed and no record was refused."
	nodeFlag(cmd, &nodes)
	return cmd
}

// errRefused means that the two sides are not the same after a run.
var errRefused = errors.New("not every record could be stored on both sides")

// outcome tells people how the runs that did not fail ended. Error: errRefused.
func outcome(out *lines, all []reconcile.Status) (err error) {
	for _, s := range all {
		if s.Reconciled.IsZero() {
			continue
		}
		said := "both sides have the same records"
		switch {
		case s.Refused > 0:
			err = errRefused
			said = "the two sides differ: " + cli.Line(s.Detail)
		case s.Original:
			said = "an original node can't be compared"
		}
		out.line("node %s: %s; fetched %d, sent %d", title(s.Number, s.Name), said, s.Fetched, s.Sent)
	}
	return err
}

// nodeFlag adds the flag that chooses nodes.
func nodeFlag(cmd *cobra.Command, nodes *[]int) {
	cmd.Flags().IntSliceVar(nodes, "node", nil, "only the node with this number; may be given several times")
}

// errNotPrepared: a command must not write or judge by another rule than the
// service's, because that would spoil the on-air log.
var errNotPrepared = errors.New("the on-air log was never derived, or was derived with another AURA_DEFAULT_SOURCE: " +
	"use the service's configuration, and start the service once")

// withNodes opens the database and calls do with it and the nodes.
func withNodes(env env, cmd *cobra.Command, do func(ctx context.Context, station *repo.Station, r *reconcile.Reconciler) error) error {
	return cli.WithDatabase(cmd.Context(), env, openStation, func(ctx context.Context, cfg config.Config, station *repo.Station, log zerolog.Logger) error {
		if len(cfg.MainHosts) == 0 {
			return cli.Mistake(errors.New("no node is configured: AURA_MAIN_HOST_1, AURA_MAIN_HOST_2, …"))
		}
		prepared, err := station.Prepared(ctx)
		if err != nil {
			return err
		}
		if !prepared {
			return cli.Mistake(errNotPrepared)
		}
		log = log.Level(max(log.GetLevel(), zerolog.WarnLevel)) // people see success without the log
		// Other processes learn from the database what is stored.
		recorder := playlog.New(station, log, time.Now, func() {})
		nodes, err := app.Clients(cfg)
		if err != nil {
			return cli.Mistake(err)
		}
		return do(ctx, station, app.NewReconciler(cfg, nodes, station, recorder, exchange.NewOrigins(station, app.Serves(nodes), time.Now, log), func() {}, log))
	})
}

// work is the progress that people see, first of the nodes and then of the
// on-air log.
type work struct {
	nodes *reconcile.Reconciler
	log   atomic.Pointer[[2]int64] // entries that were looked at, and their total, 0 if unknown
}

func (w *work) passed(done, total int64) { w.log.Store(&[2]int64{done, total}) }

func (w *work) state() progress.State {
	if w.log.Load() != nil {
		return w.logState()
	}
	p := w.nodes.Progress()
	text := fmt.Sprintf("compared %d records", p.Compared)
	if p.Exchanged > 0 {
		text += fmt.Sprintf(", exchanged %d", p.Exchanged)
	}
	return progress.State{Text: text, Done: p.Compared + p.Exchanged, Part: p.Part}
}

// logState is the progress of the on-air log.
func (w *work) logState() progress.State {
	log := w.log.Load()
	if log == nil {
		return progress.State{Text: "on-air log", Part: -1}
	}
	done, part := log[0], -1.0
	if total := log[1]; total > 0 {
		part = float64(done) / float64(total)
	}
	return progress.State{Text: fmt.Sprintf("on-air log: %d entries", done), Done: done, Part: part}
}

// title returns a node's name for people.
func title(number int, name string) string {
	if name == "" {
		return strconv.Itoa(number)
	}
	return fmt.Sprintf("%d (%s)", number, name)
}
