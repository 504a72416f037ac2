package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/services/engine-api/internal/config"
)

// maxListed bounds how many parked records are listed.
const maxListed = 1000

// outboxCommands work on the database directly, even while the service runs.
func outboxCommands(env cli.Env[config.Config]) *cobra.Command {
	var asJSON, all bool
	list := cli.New("list", "List the records that the sync node refused, and count those that wait", cobra.NoArgs,
		func(cmd *cobra.Command, _ []string) error {
			return withOutbox(cmd.Context(), env, func(ctx context.Context, cfg config.Config, db *repo.Node) error {
				o, err := readOutbox(ctx, cfg, db)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), o)
				}
				return o.print(cmd.OutOrStdout())
			})
		})
	list.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	retry := cli.New("retry [uid…]", "Send refused records again; a running service does so within 30 seconds", cobra.ArbitraryArgs,
		func(cmd *cobra.Command, args []string) error {
			uids, err := chosen(args, all)
			if err != nil {
				return cli.Usage(err)
			}
			return withOutbox(cmd.Context(), env, func(ctx context.Context, _ config.Config, db *repo.Node) error {
				return retryParked(ctx, db, uids, cmd.OutOrStdout())
			})
		})
	retry.Flags().BoolVar(&all, "all", false, "send all refused records again")
	return cli.Group("outbox", "List or retry what the sync node does not have yet", list, retry)
}

func withOutbox(ctx context.Context, env cli.Env[config.Config], do func(context.Context, config.Config, *repo.Node) error) error {
	return cli.WithDatabase(ctx, env, openNode, func(ctx context.Context, cfg config.Config, db *repo.Node, _ zerolog.Logger) error {
		return do(ctx, cfg, db)
	})
}

// chosen returns the records that are to be sent again, or nil for all of them.
func chosen(args []string, all bool) ([]model.Fingerprint, error) {
	switch {
	case all && len(args) > 0:
		return nil, errors.New("outbox retry takes either --all or uids")
	case !all && len(args) == 0:
		return nil, errors.New("outbox retry needs the uids that outbox list shows, or --all")
	}
	var uids []model.Fingerprint
	for _, arg := range args {
		uid, err := model.ParseFingerprint(arg)
		if err != nil {
			return nil, fmt.Errorf("uid %q %w", arg, err)
		}
		uids = append(uids, uid)
	}
	return uids, nil
}

func retryParked(ctx context.Context, db *repo.Node, uids []model.Fingerprint, out io.Writer) error {
	n, err := db.Unpark(ctx, uids...)
	if err != nil {
		return err
	}
	if n < int64(len(uids)) {
		return fmt.Errorf("%d of %d records were parked and are sent again; outbox list shows which are parked", n, len(uids))
	}
	_, err = fmt.Fprintf(out, "records that are sent again: %d\n", n)
	return err
}

// outboxList is what outbox list shows.
type outboxList struct {
	Waiting waiting        `json:"waiting"`
	Parked  []parkedRecord `json:"parked"`
	// ParkedTotal exceeds the listed records if there are too many to list.
	ParkedTotal int64 `json:"parked_total"`
}

type waiting struct {
	Entries int64              `json:"entries"`
	Healths int64              `json:"healths"`
	Oldest  *stationtime.Stamp `json:"oldest"`
}

type parkedRecord struct {
	UID      string            `json:"uid"`
	Kind     model.Kind        `json:"kind"`
	Source   int               `json:"source"`
	Time     stationtime.Stamp `json:"time"`
	Title    string            `json:"title,omitempty"`
	ParkedAt stationtime.Stamp `json:"parked_at"`
	Reason   string            `json:"reason"`
}

// readOutbox reads the list. Its times are in the station's zone.
func readOutbox(ctx context.Context, cfg config.Config, db *repo.Node) (*outboxList, error) {
	counts, err := db.Outbox(ctx)
	if err != nil {
		return nil, err
	}
	parked, err := db.Parked(ctx, maxListed)
	if err != nil {
		return nil, err
	}
	zone := cfg.Station.Zone
	o := &outboxList{
		Waiting:     waiting{Entries: counts.Entries, Healths: counts.Healths},
		Parked:      make([]parkedRecord, len(parked)),
		ParkedTotal: counts.Parked,
	}
	if !counts.Oldest.IsZero() {
		o.Waiting.Oldest = new(zone.Stamp(counts.Oldest))
	}
	for i, p := range parked {
		o.Parked[i] = parkedRecord{
			UID: p.UID.String(), Kind: p.Kind, Source: p.Source, Time: zone.Stamp(p.Time), Title: p.Title,
			ParkedAt: zone.Stamp(p.At), Reason: p.Reason,
		}
	}
	return o, nil
}

// printJSON escapes what a terminal might take for a command.
func printJSON(out io.Writer, what any) error {
	raw, err := json.MarshalIndent(what, "", "  ")
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, r := range string(raw) {
		if r == '\n' || unicode.IsPrint(r) {
			text.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&text, `\u%04x`, unit)
		}
	}
	_, err = fmt.Fprintln(out, text.String())
	return err
}

func (o *outboxList) print(out io.Writer) error {
	if len(o.Parked) > 0 {
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "UID\tKIND\tSOURCE\tTIME\tTITLE\tREFUSED\tREASON")
		for _, p := range o.Parked {
			fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", p.UID, p.Kind, p.Source,
				p.Time.Format(time.RFC3339), cli.Line(p.Title), p.ParkedAt.Format(time.RFC3339), cli.Line(p.Reason))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		if more := o.ParkedTotal - int64(len(o.Parked)); more > 0 {
			fmt.Fprintf(out, "and %d more\n", more)
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "refused: %d\nwaiting: %d entries, %d health statuses\n", o.ParkedTotal, o.Waiting.Entries, o.Waiting.Healths)
	if o.Waiting.Oldest != nil {
		fmt.Fprintf(out, "the oldest entry that waits was played at %s\n", o.Waiting.Oldest.Format(time.RFC3339))
	}
	return nil
}
