package correct

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/stationtime"
)

// What becomes of an entry under the wrong source.
const (
	oldVoid = "void"
	oldKeep = "keep"
)

// Source is the command of an engine-api that mends entries which were stored
// under a wrong source.
func Source(url string) *cobra.Command {
	var j job
	t := playlog.Transfer{}
	var old string
	cmd := j.command(url, "source", "Store entries again under the source that played them",
		func(cmd *cobra.Command, client *peer.Client, zone *stationtime.Zone) error {
			if t.From == t.To || cmp.Or(model.ValidateSource("", t.From), model.ValidateSource("", t.To)) != nil {
				return cli.Usage(errors.New("--from and --to are required: two different sources, from 1"))
			}
			if old != oldVoid && old != oldKeep {
				return cli.Usage(errors.New("--old is required: void if source --from did not play the entries, keep if it played them, too"))
			}
			t.By, t.Reason, t.Keep = j.as, j.reason, old == oldKeep
			r, err := j.span(zone)
			if err != nil {
				return err
			}
			from := t
			if t.Back {
				from.From, from.To = t.To, t.From
			}
			return j.transfer(cmd, client, zone, from, r)
		})
	cmd.Long = "source mends entries that were stored under a wrong source, such as those of an engine that says 1 on every host.\n" +
		"The source is part of an entry's identity. So the entry is stored again under the right source, as its engine sent it,\n" +
		"and --old says what becomes of the one under the wrong source. Beware: if the other engine played the same programme,\n" +
		"its entries are the very same. To void them would take them from it; --old keep does not. The same command again\n" +
		"changes nothing, and with --undo it takes back what it did."
	j.rangeFlags(cmd, "from-date", "to-date")
	j.nameFlags(cmd)
	f := cmd.Flags()
	f.IntVar(&t.From, "from", 0, "the wrong source")
	f.IntVar(&t.To, "to", 0, "the right source")
	f.StringVar(&old, "old", "", "what becomes of the old entry: void or keep")
	f.BoolVar(&t.Back, "undo", false, "take back what the same command did")
	return cmd
}

// exchange is what a transfer asks of a node; *peer.Client implements it.
type exchange interface {
	Records(ctx context.Context, source int, from, to time.Time, after string, limit int) (_ []model.Record, next string, _ error)
	Send(ctx context.Context, b peer.Batch) (peer.Results, error)
}

// transfer carries a transfer out, page by page.
func (j *job) transfer(cmd *cobra.Command, node exchange, zone *stationtime.Zone, t playlog.Transfer, r span) error {
	tally := j.newTally(cmd.OutOrStdout(), zone)
	stop := tally.show(cmd.ErrOrStderr(), 0)
	err := func() error {
		for after, isOver := "", false; !isOver; {
			page, next, err := node.Records(cmd.Context(), t.From, r.from, r.to.Add(time.Microsecond), after, pageSize)
			if err != nil {
				return err
			}
			if err := j.transferPage(cmd.Context(), node, t, page, tally); err != nil {
				return err
			}
			after, isOver = next, next == ""
		}
		return nil
	}()
	stop()
	return tally.end(err)
}

// transferPage first stores the copies, so that no entry is ever missing.
func (j *job) transferPage(ctx context.Context, node exchange, t playlog.Transfer, page []model.Record, tally *tally) error {
	var olds, copies []model.Record
	for _, r := range page {
		e := r.Entry.Effective()
		if !j.includes(e.LogSource, e.ShowName, e.Title, e.Artist) {
			continue
		}
		twin, left := t.Copy(r)
		if left != "" || j.dryRun {
			tally.add(&e, belongs(t), outcome{why: left})
			continue
		}
		olds, copies = append(olds, r), append(copies, twin)
	}
	if copies == nil {
		return nil
	}
	stored, err := node.Send(ctx, peer.Batch{Records: copies})
	if err != nil {
		return err
	}
	refused := make([]outcome, len(copies))
	var batch []model.Record
	var about []int // which of the copies each record of the batch belongs to
	for i, result := range stored.Records {
		if result.Refused != "" {
			refused[i] = outcome{why: result.Refused, refused: true}
			continue
		}
		if result.Merged != nil {
			restored, isChanged, left := t.Restored(*result.Merged, time.Now())
			if left != "" {
				refused[i] = outcome{why: left}
				continue
			}
			if isChanged {
				batch, about = append(batch, restored), append(about, i)
			}
		}
		if !t.Keep || t.Back {
			batch, about = append(batch, t.Voided(olds[i], time.Now())), append(about, i)
		}
	}
	if batch != nil {
		corrected, err := node.Send(ctx, peer.Batch{Records: batch})
		if err != nil {
			return err
		}
		for i, result := range corrected.Records {
			if result.Refused != "" {
				refused[about[i]] = outcome{why: result.Refused, refused: true}
			}
		}
	}
	for i, old := range olds {
		e := old.Entry.Effective()
		tally.add(&e, belongs(t), refused[i])
	}
	return nil
}

func belongs(t playlog.Transfer) string {
	return "belongs to source " + strconv.Itoa(t.To)
}
