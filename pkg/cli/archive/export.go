package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// pageSize is how many records are in memory.
const pageSize = 1000

// Store has the records that are exported; *repo.Node and *repo.Station are some.
type Store interface {
	cli.Database
	Sources(ctx context.Context) ([]int, error)
	Records(ctx context.Context, q model.RecordQuery) ([]model.Record, *model.Position, error)
}

// Export is the command that writes the plays of the service's database to a file.
// open does not create a database. zone is that of the station.
func Export[C cli.Config, S Store](env cli.Env[C], open func(cfg C, log zerolog.Logger) (S, error), zone func(cfg C) *stationtime.Zone) *cobra.Command {
	var from, to string
	var sources []int
	cmd := cli.New("export FILE", "Write all plays of a period with all that is known of them to a file, as JSON lines (.jsonl) or CSV (.csv)", cobra.ExactArgs(1),
		func(cmd *cobra.Command, args []string) error {
			if _, err := formatOf(args[0]); err != nil {
				return cli.Usage(err)
			}
			return cli.WithDatabase(cmd.Context(), env, open, func(ctx context.Context, cfg C, db S, _ zerolog.Logger) error {
				period, err := periodOf(zone(cfg), from, to)
				if err != nil {
					return err
				}
				n, err := exportFile(ctx, db, args[0], period, sources)
				if err == nil {
					_, err = fmt.Fprintf(cmd.OutOrStdout(), "exported: %d\n", n)
				}
				return err
			})
		})
	cmd.Long = "export writes the records as the nodes exchange them: each play as its engine sent it, with its arrival, its tellings, its doubts\n" +
		"and all corrections. import stores them again. The database is only read, also while the service runs. A file that is there\n" +
		"already is replaced when the new one is complete. Health, clocks, activations and what waits in the journal are not in it."
	cmd.Flags().StringVar(&from, "from", "", "first start: a date or a time, such as 2020-06-27 19:14; without an offset it is in the station's zone (default: the first play)")
	cmd.Flags().StringVar(&to, "to", "", "last start, inclusive: a date means all of that day (default: the last play)")
	cmd.Flags().IntSliceVar(&sources, "source", nil, "only plays of this source; may be given several times")
	return cmd
}

// period is a range of times, half open; zero is open.
type period struct{ from, to time.Time }

func periodOf(zone *stationtime.Zone, from, to string) (p period, err error) {
	if from != "" {
		if p.from, err = zone.From(from); err != nil {
			return p, cli.Usage(fmt.Errorf("--from %q %w", from, err))
		}
	}
	if to != "" {
		if p.to, err = zone.To(to); err != nil {
			return p, cli.Usage(fmt.Errorf("--to %q %w", to, err))
		}
		p.to = p.to.Add(time.Microsecond)
	}
	if from != "" && to != "" && !p.to.After(p.from) {
		return p, cli.Usage(errors.New("the period ends before it begins"))
	}
	return p, nil
}

// exportFile writes the file under another name until it is complete.
func exportFile(ctx context.Context, store Store, name string, p period, sources []int) (n int64, err error) {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	n, err = exportTo(ctx, store, file, name, p, sources)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return n, err
	}
	return n, os.Rename(file.Name(), name)
}

func exportTo(ctx context.Context, store Store, file *os.File, name string, p period, sources []int) (n int64, err error) {
	f, err := formatOf(name)
	if err != nil {
		return 0, err
	}
	w, err := f.writer(file)
	if err != nil {
		return 0, err
	}
	if sources == nil {
		if sources, err = store.Sources(ctx); err != nil {
			return 0, err
		}
	}
	for _, source := range sources {
		q := model.RecordQuery{Source: source, From: p.from, To: p.to, Limit: pageSize}
		for isOver := false; !isOver; {
			page, next, err := store.Records(ctx, q)
			if err != nil {
				return n, err
			}
			for _, r := range page {
				if err := w.write(record.NewEntry(r)); err != nil {
					return n, err
				}
				n++
			}
			q.After, isOver = next, next == nil
		}
	}
	return n, w.end()
}
