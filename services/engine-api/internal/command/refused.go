package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/services/engine-api/internal/config"
	"aura.radio/engine/services/engine-api/internal/refused"
)

// refusedCommands work on the folder directly, even while the service runs. Only
// retry needs the service.
func refusedCommands(env cli.Env[config.Config]) *cobra.Command {
	var asJSON, all bool
	list := cli.New("list", "List what engines sent and nobody understood", cobra.NoArgs,
		func(cmd *cobra.Command, _ []string) error {
			return withRefused(env, func(cfg config.Config, folder refused.Folder) error {
				l, err := readRefused(cfg.Station.Zone, folder)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), l)
				}
				return l.print(cmd.OutOrStdout())
			})
		})
	list.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	show := cli.New("show N", "Show a body as JSON, with all that is known of it", cobra.ExactArgs(1),
		func(cmd *cobra.Command, args []string) error {
			return withRefused(env, func(cfg config.Config, folder refused.Folder) error {
				return eachRefused(folder, args, false, func(r model.Refusal) error {
					return printJSON(cmd.OutOrStdout(), newShownRefusal(cfg.Station.Zone, r))
				})
			})
		})
	var service cli.Remote
	retry := cli.New("retry [N…]", "Have bodies read again by the running service, with their first arrival; what is taken now is dropped", cobra.ArbitraryArgs,
		func(cmd *cobra.Command, args []string) error {
			return withRefused(env, func(cfg config.Config, folder refused.Folder) error {
				service.URL = cmp.Or(service.URL, cfg.HTTP.OwnURL())
				client, err := service.Client()
				if err != nil {
					return err
				}
				defer client.Close()
				return retryRefused(cmd.Context(), client, folder, args, all, cmd.OutOrStdout())
			})
		})
	service.Flags(retry, "service", "", "the service (default: as AURA_LISTEN says)")
	retry.Flags().BoolVar(&all, "all", false, "all of them")
	drop := cli.New("drop [N…]", "Delete bodies", cobra.ArbitraryArgs,
		func(cmd *cobra.Command, args []string) error {
			return withRefused(env, func(_ config.Config, folder refused.Folder) error {
				dropped := 0
				err := eachRefused(folder, args, all, func(r model.Refusal) error {
					dropped++
					return folder.Drop(r.ID)
				})
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "bodies that were dropped: %d\n", dropped)
				return err
			})
		})
	drop.Flags().BoolVar(&all, "all", false, "all of them")
	return cli.Group("refused", "List, show, retry or drop what engines sent and nobody understood", list, show, retry, drop)
}

func withRefused(env cli.Env[config.Config], do func(config.Config, refused.Folder) error) error {
	cfg, _, err := env.Load()
	if err != nil {
		return err
	}
	journal := cfg.Journal.File(cfg.Database.File())
	folder := refused.NewFolder(journal)
	if _, err := os.Stat(journal); err != nil { // no service ran there: an empty list would say that nothing was refused
		if kept, _ := folder.List(); len(kept) == 0 {
			return fmt.Errorf("%w: %w", repo.ErrNoDatabase, err)
		}
	}
	return do(cfg, folder)
}

// eachRefused calls do for the bodies with those numbers, or for all.
func eachRefused(folder refused.Folder, numbers []string, all bool, do func(model.Refusal) error) error {
	switch {
	case all && len(numbers) > 0:
		return cli.Usage(errors.New("either --all or numbers"))
	case !all && len(numbers) == 0:
		return cli.Usage(errors.New("the numbers are missing that refused list shows, or --all"))
	case all:
		bodies, err := folder.List()
		for _, r := range bodies {
			if err := do(r); err != nil {
				return err
			}
		}
		return err
	}
	var ids []int64
	for _, number := range numbers {
		id, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return cli.Usage(fmt.Errorf("%q is not the number of a body, as refused list shows it", number))
		}
		ids = append(ids, id)
	}
	for _, id := range ids {
		r, err := folder.Read(id)
		if err == nil {
			err = do(r)
		}
		if errors.Is(err, model.ErrNotFound) {
			return fmt.Errorf("there is no body %d", id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// retryRefused tells of each body what became of it.
func retryRefused(ctx context.Context, client *peer.Client, folder refused.Folder, numbers []string, all bool, out io.Writer) error {
	again := 0
	err := eachRefused(folder, numbers, all, func(r model.Refusal) error {
		if r.Cut {
			again++
			_, err := fmt.Fprintf(out, "%d: can't be read again, because only its beginning is kept\n", r.ID)
			return err
		}
		err := client.SendAgain(ctx, r)
		if said, ok := errors.AsType[*peer.StatusError](err); ok && isRefusal(said.Status) {
			again++
			_, err := fmt.Fprintf(out, "%d: refused again: %s\n", r.ID, cli.Printable(said.Detail))
			return err
		}
		if err != nil {
			return err
		}
		if err := folder.Drop(r.ID); err != nil && !errors.Is(err, model.ErrNotFound) {
			return err
		}
		_, err = fmt.Fprintf(out, "%d: taken\n", r.ID)
		return err
	})
	if err == nil && again > 0 {
		err = fmt.Errorf("bodies that were refused again: %d", again)
	}
	return err
}

// isRefusal reports whether the status is about the body, and not about the
// caller or the service.
func isRefusal(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusUnsupportedMediaType || status == http.StatusRequestEntityTooLarge
}

// refusedList is what refused list shows.
type refusedList struct {
	Items []refusal `json:"items"`
}

type refusal struct {
	Number  int64             `json:"number"`
	Kind    string            `json:"kind"`
	Arrival stationtime.Stamp `json:"arrival"`
	Address string            `json:"address"`
	Caller  string            `json:"caller"`
	Bytes   int               `json:"bytes"`
	Reason  string            `json:"reason"`
}

// shownRefusal is what refused show shows.
type shownRefusal struct {
	refusal
	Method          string `json:"method"`
	Path            string `json:"path"`
	ContentType     string `json:"content_type"`
	ContentEncoding string `json:"content_encoding"`
	Status          int    `json:"status"`
	Cut             bool   `json:"cut"`
	// Body is the text, with bytes that are not UTF-8 as \xF6.
	Body string `json:"body"`
}

// newRefusal has times of the station's zone.
func newRefusal(zone *stationtime.Zone, r model.Refusal) refusal {
	return refusal{
		Number: r.ID, Kind: r.Kind, Arrival: zone.Stamp(r.Arrival), Address: r.Address, Caller: r.Caller, Bytes: len(r.Body), Reason: r.Reason,
	}
}

func newShownRefusal(zone *stationtime.Zone, r model.Refusal) shownRefusal {
	return shownRefusal{
		refusal: newRefusal(zone, r), Method: r.Method, Path: r.Path, ContentType: r.ContentType, ContentEncoding: r.ContentEncoding,
		Status: r.Status, Cut: r.Cut, Body: readable(r.Body),
	}
}

// readable shows what is not UTF-8 as \xF6.
func readable(body []byte) string {
	var text strings.Builder
	for len(body) > 0 {
		r, size := utf8.DecodeRune(body)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&text, `\x%02X`, body[0])
		} else {
			text.WriteRune(r)
		}
		body = body[size:]
	}
	return text.String()
}

func readRefused(zone *stationtime.Zone, folder refused.Folder) (refusedList, error) {
	bodies, err := folder.List()
	l := refusedList{Items: make([]refusal, len(bodies))}
	for i, r := range bodies {
		l.Items[i] = newRefusal(zone, r)
	}
	return l, err
}

func (l refusedList) print(out io.Writer) error {
	if len(l.Items) > 0 {
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "NUMBER\tKIND\tARRIVAL\tFROM\tBYTES\tREASON")
		for _, r := range l.Items {
			fmt.Fprintf(table, "%d\t%s\t%s\t%s %s\t%d\t%s\n", r.Number, cli.Line(r.Kind), r.Arrival.Format(time.RFC3339),
				cli.Line(r.Address), cli.Line(r.Caller), r.Bytes, cli.Line(r.Reason))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	_, err := fmt.Fprintf(out, "refused: %d\n", len(l.Items))
	return err
}
