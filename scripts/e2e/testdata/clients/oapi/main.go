// Command oapi is a client that oapi-codegen generated. It stores a play and a
// clock, and reads them again.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"example.org/clients/oapi/api"
)

func main() {
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, server, title, start string) error {
	c, err := api.NewClientWithResponses(server)
	if err != nil {
		return err
	}
	play := api.Play{TrackStart: &start, TrackTitle: &api.LooseText{}, LogSource: &api.LooseSource{}}
	if err := play.TrackTitle.FromLooseText0(title); err != nil {
		return err
	}
	if err := play.LogSource.FromLooseSource0(1); err != nil {
		return err
	}
	var body api.PlayOrList
	if err := body.FromPlay(play); err != nil {
		return err
	}
	stored, err := c.StorePlaylogWithResponse(ctx, body)
	if err != nil || stored.StatusCode() != http.StatusNoContent {
		return fmt.Errorf("store play: %v %s", err, stored.Body)
	}
	clock, err := c.StoreClockWithResponse(ctx, api.ClockData{
		EngineSource:         1,
		CurrentTrack:         map[string]string{"track_title": title},
		AdditionalProperties: map[string]any{"studio": title},
	})
	if err != nil || clock.StatusCode() != http.StatusNoContent {
		return fmt.Errorf("store clock: %v %s", err, clock.Body)
	}

	shown, err := c.GetClockWithResponse(ctx)
	if err != nil || shown.JSON200 == nil || shown.JSON200.AdditionalProperties["studio"] != title {
		return fmt.Errorf("clock: %v %s", err, shown.Body)
	}
	limit := 5
	entries, err := c.ListPlaylogWithResponse(ctx, &api.ListPlaylogParams{Limit: &limit})
	if err != nil || entries.JSON200 == nil || (*entries.JSON200)[0].TrackTitle != title {
		return fmt.Errorf("playlog: %v %s", err, entries.Body)
	}
	tracks, err := c.ListTracksWithResponse(ctx, &api.ListTracksParams{Limit: &limit})
	if err != nil || tracks.JSON200 == nil || (*tracks.JSON200)[0].TrackTitle != title {
		return fmt.Errorf("tracks: %v %s", err, tracks.Body)
	}
	return nil
}
