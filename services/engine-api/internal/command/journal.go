package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/services/engine-api/internal/config"
	"aura.radio/engine/services/engine-api/internal/journal"
)

// closeTimeout bounds how long a command waits for a disk that hangs.
const closeTimeout = 5 * time.Second

// journalCommands work on the journal's file directly, even while the service
// runs and the database is away.
func journalCommands(env cli.Env[config.Config]) *cobra.Command {
	var asJSON, all bool
	list := cli.New("list", "List what waits for the database, and what the database refused", cobra.NoArgs,
		func(cmd *cobra.Command, _ []string) error {
			return withJournal(cmd.Context(), env, func(ctx context.Context, cfg config.Config, file *repo.Journal) error {
				items, err := file.List(ctx, maxListed)
				if err != nil {
					return err
				}
				total, err := file.State(ctx, nil)
				if err != nil {
					return err
				}
				l := newJournalList(cfg.Station.Zone, items, total)
				if asJSON {
					return printJSON(cmd.OutOrStdout(), l)
				}
				return l.print(cmd.OutOrStdout())
			})
		})
	list.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	show := cli.New("show N", "Show an item as JSON, as it was taken", cobra.ExactArgs(1),
		func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return cli.Usage(fmt.Errorf("%q is not the number of an item, as journal list shows it", args[0]))
			}
			return withJournal(cmd.Context(), env, func(ctx context.Context, cfg config.Config, file *repo.Journal) error {
				k, err := file.Item(ctx, id)
				if errors.Is(err, model.ErrNotFound) {
					return fmt.Errorf("the journal has no item %d", id)
				}
				if err != nil {
					return err
				}
				return printJSON(cmd.OutOrStdout(), shownItem{newJournalItem(cfg.Station.Zone, k), k.Body})
			})
		})
	drain := cli.New("drain", "Store what the journal has, also what the database refused before", cobra.NoArgs,
		func(cmd *cobra.Command, _ []string) error {
			return drainJournal(cmd.Context(), env, all, cmd.OutOrStdout())
		})
	drain.Flags().BoolVar(&all, "all", false, "also what was taken for another database")
	return cli.Group("journal", "List, show or store what was taken while the database could not store it", list, show, drain)
}

// withJournal opens the journal, if there is one.
func withJournal(ctx context.Context, env cli.Env[config.Config], do func(context.Context, config.Config, *repo.Journal) error) error {
	cfg, _, err := env.Load()
	if err != nil {
		return err
	}
	file, err := repo.OpenExistingJournal(cfg.Journal.File(cfg.Database.File()))
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, cfg, file), closeJournal(ctx, file))
}

func closeJournal(ctx context.Context, file *repo.Journal) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	return file.Close(ctx)
}

// drainJournal stores what the journal has. If a service runs, the service does
// so.
func drainJournal(ctx context.Context, env cli.Env[config.Config], all bool, out io.Writer) error {
	return cli.WithDatabase(ctx, env, openNode, func(ctx context.Context, cfg config.Config, db *repo.Node, log zerolog.Logger) error {
		database, err := db.Database(ctx)
		if err != nil {
			return err
		}
		path := cfg.Journal.File(cfg.Database.File())
		beside, err := repo.OpenExistingJournal(path)
		if err != nil {
			return err
		}
		again, err := beside.Again(ctx)
		if err == nil && all {
			var taken int64
			taken, err = beside.TakeOver(ctx, database)
			again += taken
		}
		if err = errors.Join(err, closeJournal(ctx, beside)); err != nil {
			return err
		}
		file := repo.NewJournal(path, cfg.Journal.Bytes(), log)
		j := journal.New(journal.Options{ //nolint:contextcheck // it bounds itself
			File: file, Plays: playlog.NewAtOnce(db), Database: db, Now: time.Now, Log: log,
			Identity: func() *model.Identity { return &model.Identity{Owner: cfg.Owner(), Database: database} },
			Kept:     func() {}, Stored: func() {},
		})
		drained, err := j.Drain(ctx)
		if errors.Is(err, repo.ErrJournalServed) {
			_, err = fmt.Fprintf(out, "the service stores what waits; items that it tries again within 30 seconds: %d\n", again)
		} else if err == nil {
			_, err = fmt.Fprintf(out, "items that were stored: %d\n", drained)
		}
		return errors.Join(err, j.Close()) //nolint:contextcheck // it bounds itself
	})
}

// journalList is what journal list shows.
type journalList struct {
	Waiting int64         `json:"waiting"`
	Aside   int64         `json:"aside"`
	Bytes   int64         `json:"bytes"`
	Items   []journalItem `json:"items"`
}

type journalItem struct {
	Number  int64             `json:"number"`
	Kind    model.KeptKind    `json:"kind"`
	Arrival stationtime.Stamp `json:"arrival"`
	Source  int               `json:"source,omitempty"`
	Title   string            `json:"title,omitempty"`
	// Database is "" if none was reachable.
	Database string `json:"database,omitempty"`
	// Refused is why the database refused it.
	Refused string `json:"refused,omitempty"`
}

type shownItem struct {
	journalItem
	Body json.RawMessage `json:"body"`
}

// newJournalItem has times of the station's zone.
func newJournalItem(zone *stationtime.Zone, k model.Kept) journalItem {
	item := journalItem{Number: k.ID, Kind: k.Kind, Arrival: zone.Stamp(k.Arrival), Refused: k.Reason}
	item.Source, item.Title = journal.Describe(k)
	if k.Database != (model.Fingerprint{}) {
		item.Database = k.Database.String()
	}
	return item
}

func newJournalList(zone *stationtime.Zone, items []model.Kept, total model.Journal) journalList {
	l := journalList{Waiting: total.Waiting, Aside: total.Aside, Bytes: total.Bytes, Items: make([]journalItem, len(items))}
	for i, k := range items {
		l.Items[i] = newJournalItem(zone, k)
	}
	return l
}

func (l journalList) print(out io.Writer) error {
	if len(l.Items) > 0 {
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "NUMBER\tKIND\tARRIVAL\tSOURCE\tTITLE\tDATABASE\tREFUSED")
		for _, k := range l.Items {
			fmt.Fprintf(table, "%d\t%s\t%s\t%d\t%s\t%.8s\t%s\n", k.Number, cli.Line(string(k.Kind)), k.Arrival.Format(time.RFC3339), k.Source,
				cli.Line(k.Title), k.Database, cli.Line(k.Refused))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		if more := l.Waiting + l.Aside - int64(len(l.Items)); more > 0 {
			fmt.Fprintf(out, "and %d more\n", more)
		}
		fmt.Fprintln(out)
	}
	_, err := fmt.Fprintf(out, "waiting: %d\nrefused by the database: %d\nbytes: %d\n", l.Waiting, l.Aside, l.Bytes)
	return err
}
