package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/cli/progress"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/services/sync-node/internal/config"
)

func ruleCommand(env env) *cobra.Command {
	var from string
	var dryRun, asSaid bool
	cmd := cli.New("rule", "Show by which rule it is derived what was heard, or let the configured one count", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		open := func(cfg config.Config, log zerolog.Logger) (*repo.Station, error) {
			return repo.OpenExistingStation(cfg.Database, cfg.DefaultSource, log)
		}
		return cli.WithDatabase(cmd.Context(), env, open, func(ctx context.Context, cfg config.Config, station *repo.Station, _ zerolog.Logger) error {
			out := &lines{out: cmd.OutOrStdout()}
			wanted := cfg.Heard.Rule()
			if asSaid {
				wanted = model.HeardRule{Version: model.RuleAsSaid}
			}
			if from == "" {
				if dryRun || asSaid {
					return cli.Mistake(errors.New("say from when: --from 2026-01-01"))
				}
				return showRules(ctx, out, station, wanted, cfg.Station.Zone)
			}
			at, err := cfg.Station.Zone.From(from)
			if err != nil {
				return cli.Mistake(fmt.Errorf("--from: %w", err))
			}
			wanted.From = at
			prepared, err := station.Prepared(ctx)
			if err != nil {
				return err
			}
			if !prepared {
				return cli.Mistake(errNotPrepared)
			}
			if dryRun {
				return tryRule(ctx, out, cmd.ErrOrStderr(), station, wanted, cfg.Station.Zone)
			}
			return setRule(ctx, out, cmd.ErrOrStderr(), station, wanted)
		})
	})
	cmd.Long = "rule shows the rules of the station's record, each with the time from which it counts. With --from the configured rule\n" +
		"counts from then on, and the on-air log is derived anew from there; reports of that time change. See first what they\n" +
		"would lose and win: --dry-run changes nothing, and lists that by month and reason. The service may go on running."
	cmd.Flags().StringVar(&from, "from", "", "a day of the station, or a time with offset")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only list what would change")
	cmd.Flags().BoolVar(&asSaid, "as-said", false, "rule 1 instead of the configured one: each play as it was said")
	return cmd
}

func showRules(ctx context.Context, out *lines, station *repo.Station, wanted model.HeardRule, zone *stationtime.Zone) error {
	rules, err := station.Rules(ctx)
	if err != nil {
		return err
	}
	if len(rules) == 0 {
		rules = []model.HeardRule{model.DefaultHeardRule()}
	}
	for _, r := range rules {
		since := "from the beginning"
		if r.From.After(model.Earliest) {
			since = "from " + zone.In(r.From).Format(time.RFC3339)
		}
		out.line("%s: %s", since, r)
	}
	if last := rules[len(rules)-1]; !last.IsSame(wanted) {
		out.line("The configuration asks for another one, which does not count until `sync-node rule --from …`: %s", wanted)
	}
	return out.err
}

// withProgress calls do with a function that shows progress.
func withProgress(errOut io.Writer, do func(progress func(done, total int64)) error) error {
	var w work
	stop := progress.Show(errOut, w.logState)
	defer stop()
	return do(w.passed)
}

// monthly are the differences of a month for one reason.
type monthly struct {
	month, reason string
}

type sums struct {
	plays         int
	gone          int // of the plays, those that are not heard any more
	before, after time.Duration
}

func tryRule(ctx context.Context, out *lines, errOut io.Writer, station *repo.Station, wanted model.HeardRule, zone *stationtime.Zone) error {
	found := make(map[monthly]*sums)
	err := withProgress(errOut, func(progress func(done, total int64)) error {
		return station.TryRule(ctx, wanted, func(d repo.Difference) {
			key := monthly{zone.In(d.At).Format("2006-01"), d.Reason}
			if found[key] == nil {
				found[key] = &sums{}
			}
			s := found[key]
			s.plays++
			s.before += d.Before
			s.after += d.After
			if d.After == 0 {
				s.gone++
			}
		}, progress)
	})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		out.line("nothing would change")
	}
	for _, key := range slices.SortedFunc(maps.Keys(found), func(a, b monthly) int {
		return cmp.Or(cmp.Compare(a.month, b.month), cmp.Compare(a.reason, b.reason))
	}) {
		s := found[key]
		out.line("%s  %-22s %6d plays, of which %d are not heard any more; %s becomes %s",
			key.month, key.reason, s.plays, s.gone, s.before.Round(time.Second), s.after.Round(time.Second))
	}
	return out.err
}

func setRule(ctx context.Context, out *lines, errOut io.Writer, station *repo.Station, wanted model.HeardRule) error {
	return withProgress(errOut, func(progress func(done, total int64)) error {
		differing, err := station.SetRule(ctx, wanted, progress)
		if err != nil {
			return err
		}
		out.line("%s: it counts; %d places of the on-air log changed", wanted, differing)
		return out.err
	})
}
