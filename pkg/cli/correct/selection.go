package correct

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/stationtime"
)

const (
	// pageSize is how many entries are asked for at once.
	pageSize = 500
	// maxSelected bounds how many entries are in memory.
	maxSelected = 100_000
)

// selection is which entries a command is about.
type selection struct {
	from, to            string
	ids                 []int64
	source              int
	show, title, artist string
}

func (s *selection) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	s.rangeFlags(cmd, "from", "to")
	f.Int64SliceVar(&s.ids, "id", nil, "only the entry with this number; may be given several times, instead of a range")
	f.IntVar(&s.source, "source", 0, "only entries of this source")
	s.nameFlags(cmd)
}

func (s *selection) rangeFlags(cmd *cobra.Command, from, to string) {
	cmd.Flags().StringVar(&s.from, from, "", "first start: a date or a time, such as 2020-06-27 19:14; without an offset it is in the station's zone")
	cmd.Flags().StringVar(&s.to, to, "", "last start, inclusive: a date means all of that day")
}

func (s *selection) nameFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.show, "show", "", "only entries of the show with this name")
	f.StringVar(&s.title, "title", "", "only entries with this title")
	f.StringVar(&s.artist, "artist", "", "only entries with this artist")
}

// check refuses a selection that does not say what it is about: nobody means all
// that was ever played.
func (s *selection) check() error {
	isRange := s.from != "" || s.to != ""
	switch {
	case len(s.ids) > 0 && isRange:
		return cli.Usage(errors.New("choose entries either by --id or by a range of time"))
	case len(s.ids) == 0 && (s.from == "" || s.to == ""):
		return cli.Usage(errors.New("a range of time is required, with both ends"))
	}
	return nil
}

// span is a range of starts, both ends inclusive.
type span struct{ from, to time.Time }

// span reads the range as the service would. It is empty if entries are chosen by
// their numbers.
func (s *selection) span(zone *stationtime.Zone) (r span, err error) {
	if len(s.ids) > 0 {
		return span{}, nil
	}
	if r.from, err = zone.From(s.from); err != nil {
		return r, cli.Usage(fmt.Errorf("the first start, %q, %w", s.from, err))
	}
	if r.to, err = zone.To(s.to); err != nil {
		return r, cli.Usage(fmt.Errorf("the last start, %q, %w", s.to, err))
	}
	if r.to.Before(r.from) {
		return r, cli.Usage(errors.New("the range of time ends before it begins"))
	}
	return r, nil
}

// includes reports whether the names and the source of an entry are those that
// are looked for.
func (s *selection) includes(source int, show, title, artist string) bool {
	is := func(wanted, name string) bool {
		return wanted == "" || strings.EqualFold(strings.TrimSpace(wanted), strings.TrimSpace(name))
	}
	return (s.source == 0 || s.source == source) && is(s.show, show) && is(s.title, title) && is(s.artist, artist)
}

// Node is what commands ask of a service; *peer.Client implements it.
type node interface {
	Entries(ctx context.Context, q peer.EntryQuery) (_ []peer.Entry, next string, _ error)
	Entry(ctx context.Context, id int64) (peer.Entry, error)
}

// read asks for the chosen entries that started in a span, the oldest first.
// raw: as engines sent them, with the void ones.
func (s *selection) read(ctx context.Context, n node, r span, raw bool) (chosen []peer.Entry, _ error) {
	keep := func(e peer.Entry) {
		if s.includes(e.LogSource, e.ShowName, e.Title, e.Artist) {
			chosen = append(chosen, e)
		}
	}
	for _, id := range s.ids {
		e, err := n.Entry(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", id, err)
		}
		keep(e)
	}
	q := peer.EntryQuery{From: r.from, To: r.to, Raw: raw, Limit: pageSize}
	for isOver := len(s.ids) > 0; !isOver; {
		page, next, err := n.Entries(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			keep(e)
		}
		if len(chosen) > maxSelected {
			return nil, fmt.Errorf("more than %d entries are chosen; choose a shorter range of time", maxSelected)
		}
		q.After, isOver = next, next == ""
	}
	slices.SortStableFunc(chosen, func(a, b peer.Entry) int { return a.TrackStart.Compare(b.TrackStart) })
	return chosen, nil
}

// zoneOf is the time zone of the service. A zone without a name is that of the
// host, which is the service's.
func zoneOf(ctx context.Context, client *peer.Client) (*stationtime.Zone, error) {
	state, _, err := client.State(ctx)
	if err != nil {
		return nil, err
	}
	zone, err := stationtime.Load(state.Zone)
	if err == nil {
		return zone, nil
	}
	return stationtime.Host()
}
