package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/command"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/services/sync-node/internal/app"
	"aura.radio/engine/services/sync-node/internal/config"
	"aura.radio/engine/services/sync-node/internal/progress"
	"aura.radio/engine/services/sync-node/internal/reconcile"
)

func reconcileCommand(env env) *cobra.Command {
	var nodes []int
	cmd := command.New("reconcile", "Compare with the nodes now, and fetch and send what differs", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		return withNodes(env, cmd, func(ctx context.Context, _ *repo.Station, r *reconcile.Reconciler) error {
			stop := progress.Show(cmd.ErrOrStderr(), shown(r))
			err := r.Once(ctx, nodes...)
			stop()
			for _, s := range r.Status() {
				if !s.Reconciled.IsZero() {
					fmt.Fprintf(cmd.OutOrStdout(), "node %s: both sides have the same; fetched %d, sent %d\n", title(s.Number, s.Name), s.Fetched, s.Sent)
				}
			}
			return err
		})
	})
	nodeFlag(cmd, &nodes)
	return cmd
}

// nodeFlag lets people choose nodes.
func nodeFlag(cmd *cobra.Command, nodes *[]int) {
	cmd.Flags().IntSliceVar(nodes, "node", nil, "only the node of this number; may be given again")
}

// errNotPrepared: writing, or judging, by another rule than the service's would
// make a mess of the on-air log.
var errNotPrepared = errors.New("the on-air log was never derived, or with another AURA_DEFAULT_SOURCE: " +
	"use the configuration of the service, and let that start once")

// withNodes opens the database and lets do use it and the nodes.
func withNodes(env env, cmd *cobra.Command, do func(ctx context.Context, station *repo.Station, r *reconcile.Reconciler) error) error {
	return env.WithDatabase(cmd.Context(), func(ctx context.Context, cfg config.Config, db *repo.DB, log zerolog.Logger) error {
		if len(cfg.MainHosts) == 0 {
			return command.Mistake(errors.New("no node is configured: AURA_MAIN_HOST_1, AURA_MAIN_HOST_2, …"))
		}
		if err := db.Ready(ctx); err != nil {
			return err
		}
		station := db.Station(cfg.DefaultSource)
		prepared, err := station.Prepared(ctx)
		if err != nil {
			return err
		}
		if !prepared {
			return command.Mistake(errNotPrepared)
		}
		log = log.Level(max(log.GetLevel(), zerolog.WarnLevel)) // what is well, people see without
		// Other processes hear of what is stored from the database.
		recorder := playlog.New(station, log, time.Now, func() {})
		r, err := app.NewReconciler(cfg, station, recorder, log)
		if err != nil {
			return command.Mistake(err)
		}
		return do(ctx, station, r)
	})
}

// shown is what people see of the progress.
func shown(r *reconcile.Reconciler) func() progress.State {
	return func() progress.State {
		p := r.Progress()
		text := fmt.Sprintf("compared %d records", p.Compared)
		if p.Exchanged > 0 {
			text += fmt.Sprintf(", exchanged %d", p.Exchanged)
		}
		return progress.State{Text: text, Done: p.Compared + p.Exchanged, Part: p.Part}
	}
}

// title names a node.
func title(number int, name string) string {
	if name == "" {
		return strconv.Itoa(number)
	}
	return fmt.Sprintf("%d (%s)", number, name)
}
