package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// station is a sync node with one engine-api.
type station struct {
	node, sync *process
	// The sync node's configuration, for its other commands.
	syncDatabase, mainHost string
}

// startStation starts both on free ports. The engine-api starts first, so that a
// backlog is there when the sync node begins.
func startStation(ctx context.Context, o options, nodeDatabase, syncDatabase string) (*station, error) {
	syncPort, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &station{syncDatabase: syncDatabase}
	if s.node, err = startEngineAPI(ctx, o.binary, nodeDatabase, "AURA_SYNC_HOST=http://127.0.0.1:"+syncPort); err != nil {
		return nil, err
	}
	s.mainHost = "AURA_MAIN_HOST_1=" + s.node.url
	if s.sync, err = startService(ctx, o.syncNode, syncPort, syncDatabase, s.mainHost, "AURA_SYNC_STEP_SLEEP=0"); err != nil {
		return nil, errors.Join(err, s.node.stop())
	}
	return s, nil
}

func (s *station) stop() error { return errors.Join(s.node.stop(), s.sync.stop()) }

// run executes a command of the sync node.
func (s *station) run(ctx context.Context, o options, args ...string) error {
	cmd := exec.CommandContext(ctx, o.syncNode, args...)
	cmd.Env = []string{"AURA_DATABASE_URL=" + s.syncDatabase, s.mainHost, "AURA_STATION_TIMEZONE=Europe/Vienna", "AURA_LOG_LEVEL=warn"}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("sync-node %v: %w: %s", args, err, out)
	}
	return nil
}

// waiting is how many of the node's entries still wait for the sync node.
func (s *station) waiting(ctx context.Context) (int64, error) {
	var state struct {
		Outbox struct {
			Entries int64 `json:"entries"`
			Parked  int64 `json:"parked"`
		} `json:"outbox"`
	}
	err := get(ctx, s.node.url+"/api/v1/sync/state", &state)
	if err == nil && state.Outbox.Parked > 0 {
		err = fmt.Errorf("%d records were refused", state.Outbox.Parked)
	}
	return state.Outbox.Entries, err
}

// reconciled returns when the sync node has compared itself with the node.
func (s *station) reconciled(ctx context.Context) error {
	for {
		var state struct {
			Nodes []struct {
				Reconciled *time.Time `json:"reconciled"`
			} `json:"nodes"`
		}
		if err := get(ctx, s.sync.url+"/api/v1/sync/state", &state); err != nil {
			return err
		}
		if len(state.Nodes) == 1 && state.Nodes[0].Reconciled != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// get reads a JSON answer.
func get(ctx context.Context, url string, into any) error {
	body, err := fetch(ctx, url)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}
