package correct

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/cli/progress"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/stationtime"
)

// job is a command that corrects what is chosen.
type job struct {
	selection
	remote          cli.Remote
	as, reason      string
	dryRun, verbose bool
}

// command makes such a command.
func (j *job) command(url, use, short string, do func(cmd *cobra.Command, client *peer.Client, zone *stationtime.Zone) error) *cobra.Command {
	cmd := cli.New(use, short, cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		if strings.TrimSpace(j.reason) == "" {
			return cli.Usage(errors.New("--reason is required: it goes into the audit record"))
		}
		if err := j.check(); err != nil {
			return err
		}
		client, err := j.remote.Client()
		if err != nil {
			return err
		}
		defer client.Close()
		zone, err := zoneOf(cmd.Context(), client)
		if err != nil {
			return err
		}
		return do(cmd, client, zone)
	})
	j.remote.Flags(cmd, "node", url, "the service")
	f := cmd.Flags()
	f.StringVar(&j.as, "as", cli.Person(), "name of the person, for the audit record")
	f.StringVar(&j.reason, "reason", "", "reason, for the audit record")
	f.BoolVar(&j.dryRun, "dry-run", false, "only list what would be done")
	f.BoolVarP(&j.verbose, "verbose", "v", false, "list every entry")
	return cmd
}

// decision is what becomes of one entry.
type decision struct {
	peer.Correction
	// what is done, for people.
	what string
	// left: why nothing is done; "" if something is.
	left string
}

// correct decides about each entry, and corrects one after the other. earlier
// needs a question to the service for each entry that has corrections, and is
// asked for only if needsEarlier.
func (j *job) correct(cmd *cobra.Command, client *peer.Client, zone *stationtime.Zone, entries []peer.Entry, needsEarlier bool,
	decide func(e *peer.Entry, earlier []model.Correction) decision,
) error {
	t := j.newTally(cmd.OutOrStdout(), zone)
	stop := t.show(cmd.ErrOrStderr(), len(entries))
	err := func() error {
		for i := range entries {
			e := &entries[i]
			var earlier []model.Correction
			if needsEarlier && e.IsCorrected {
				var err error
				if earlier, err = client.Corrections(cmd.Context(), e.ID); err != nil {
					return err
				}
			}
			d := decide(e, earlier)
			d.By = j.as
			left, err := j.carryOut(cmd.Context(), client, e.ID, d)
			if err != nil {
				return err
			}
			t.add(&e.Entry, d.what, left)
		}
		return nil
	}()
	stop()
	return t.end(err)
}

// carryOut corrects one entry, or says why it is left as it is.
func (j *job) carryOut(ctx context.Context, client *peer.Client, id int64, d decision) (left outcome, _ error) {
	if d.left != "" {
		return outcome{why: d.left}, nil
	}
	if j.dryRun {
		return outcome{}, nil
	}
	err := client.Correct(ctx, id, d.Correction)
	invalid, isRefused := errors.AsType[*model.InvalidError](err)
	switch {
	case isRefused && d.Kind == model.CorrectionAmend && len(invalid.Fields) == 1 && invalid.Fields[0].Field == "changes":
		return outcome{why: "has these values already"}, nil
	case isRefused, errors.Is(err, model.ErrNotFound):
		return outcome{why: err.Error(), refused: true}, nil
	}
	return outcome{}, err
}

// outcome says why an entry was left as it is; the zero outcome is that it was
// not.
type outcome struct {
	why     string
	refused bool
}

// tally counts and tells what became of entries.
type tally struct {
	job     *job
	out     io.Writer
	zone    *stationtime.Zone
	done    int
	refused int
	left    map[string]int
	seen    atomic.Int64
}

func (j *job) newTally(out io.Writer, zone *stationtime.Zone) *tally {
	return &tally{job: j, out: out, zone: zone, left: map[string]int{}}
}

// show shows how far the work is, of that many entries; 0 if that is unknown.
func (t *tally) show(to io.Writer, total int) (stop func()) {
	return progress.Show(to, func() progress.State {
		s := progress.State{Done: t.seen.Load(), Part: -1}
		if total > 0 {
			s.Part = float64(s.Done) / float64(total)
		}
		s.Text = fmt.Sprintf("%d entries", s.Done)
		return s
	})
}

// add counts an entry, and lists it if people want to see it.
func (t *tally) add(e *model.Entry, what string, left outcome) {
	t.seen.Add(1)
	switch {
	case left.refused:
		t.refused++
		what = "refused: " + left.why
	case left.why != "":
		t.left[left.why]++
		what = "left: " + left.why
	default:
		t.done++
	}
	if t.job.verbose || left.refused || t.job.dryRun && left.why == "" {
		name := strings.Trim(e.Artist+" - "+e.Title, " -")
		if name == "" {
			name = e.ShowName
		}
		fmt.Fprintf(t.out, "%s  source %d  %s: %s\n", t.zone.Stamp(e.TrackStart), e.LogSource, cli.Line(name), cli.Line(what))
	}
}

// errRefused means that some entries are not as they should be.
var errRefused = errors.New("not every entry could be corrected")

// end tells how all of it went. err is what ended the work early.
func (t *tally) end(err error) error {
	verb := "corrected"
	if t.job.dryRun {
		verb = "would be corrected"
	}
	fmt.Fprintf(t.out, "%s: %d\n", verb, t.done)
	for _, why := range slices.Sorted(maps.Keys(t.left)) {
		fmt.Fprintf(t.out, "left: %d (%s)\n", t.left[why], cli.Line(why))
	}
	if t.refused > 0 {
		fmt.Fprintf(t.out, "refused: %d\n", t.refused)
	}
	switch {
	case err != nil:
		return fmt.Errorf("the rest was not looked at; run the same command again to complete it: %w", err)
	case t.refused > 0:
		return errRefused
	}
	return nil
}

// moved is what is done to a start, for people.
func moved(zone *stationtime.Zone, to time.Time) string {
	return "starts at " + zone.Stamp(to).String()
}
