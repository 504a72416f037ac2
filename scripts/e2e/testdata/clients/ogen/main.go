// Command ogen is a client that ogen generated. It stores a play and a clock,
// and reads them again.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/go-faster/jx"
	"github.com/ogen-go/ogen/ogenerrors"

	"example.org/clients/ogen/api"
)

func main() {
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// noToken is for calls from the same host.
type noToken struct{}

func (noToken) Bearer(context.Context, api.OperationName) (api.Bearer, error) {
	return api.Bearer{}, ogenerrors.ErrSkipClientSecurity
}

func run(ctx context.Context, server, title, start string) error {
	c, err := api.NewClient(server, noToken{})
	if err != nil {
		return err
	}
	if _, err := c.StorePlaylog(ctx, api.NewPlayPlayOrList(api.Play{
		TrackStart: api.NewNilMoment(api.Moment(start)),
		TrackTitle: api.NewOptLooseText(api.NewStringLooseText(title)),
		LogSource:  api.NewOptLooseSource(api.NewIntLooseSource(1)),
	})); err != nil {
		return fmt.Errorf("store play: %w", err)
	}
	text, err := json.Marshal(title)
	if err != nil {
		return err
	}
	if err := c.StoreClock(ctx, &api.ClockData{
		EngineSource:    jx.Raw("1"),
		CurrentTrack:    jx.Raw(`{"track_title": ` + string(text) + `}`),
		AdditionalProps: api.ClockDataAdditional{"studio": text},
	}); err != nil {
		return fmt.Errorf("store clock: %w", err)
	}

	shown, err := c.GetClock(ctx)
	if err != nil || string(shown.AdditionalProps["studio"]) != string(text) {
		return fmt.Errorf("clock: %v %v", err, shown)
	}
	entries, err := c.ListPlaylog(ctx, api.ListPlaylogParams{Limit: api.NewOptInt(5)})
	if err != nil || entries.Response[0].TrackTitle != title {
		return fmt.Errorf("playlog: %v %v", err, entries)
	}
	tracks, err := c.ListTracks(ctx, api.ListTracksParams{Limit: api.NewOptInt(5)})
	if err != nil || tracks.Response[0].TrackTitle != title {
		return fmt.Errorf("tracks: %v %v", err, tracks)
	}
	return nil
}
