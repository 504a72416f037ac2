package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
)

const (
	// storedPlays are those of an instance that has been there for seven months.
	storedPlays = 100_000
	// quiet is how long nothing happens before the memory is measured.
	quiet = time.Minute
)

// benchInstance measures what one programme takes on its hosts, with the embedded
// database: the memory of services that were started a minute ago and are idle, and
// the room on the disk, without plays and with many.
func benchInstance(ctx context.Context, o options) error {
	return inFolder(func(dir string) error {
		for _, plays := range []int{0, storedPlays} {
			if err := instanceOf(ctx, o, filepath.Join(dir, fmt.Sprint(plays)), plays); err != nil {
				return err
			}
		}
		return nil
	})
}

// instanceOf measures the instances of a programme that has stored so many plays.
func instanceOf(ctx context.Context, o options, dir string, plays int) error {
	folders := map[string]string{}
	for _, service := range []string{model.EngineAPI, model.SyncNode, model.StatusMonitor} {
		folders[service] = filepath.Join(dir, service)
		if err := os.MkdirAll(folders[service], 0o700); err != nil {
			return err
		}
	}
	databaseOf := func(service string) string { return "sqlite://" + filepath.Join(folders[service], service+".db") }
	if err := backlog(ctx, databaseOf(model.EngineAPI), plays, fullEntry); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	s, err := startStation(ctx, o, databaseOf(model.EngineAPI), databaseOf(model.SyncNode))
	if err != nil {
		return err
	}
	if err := errors.Join(s.united(ctx), s.stop()); err != nil {
		return err
	}
	if s, err = startStation(ctx, o, databaseOf(model.EngineAPI), databaseOf(model.SyncNode)); err != nil {
		return err
	}
	monitor, err := startQuietMonitor(ctx, o, s, databaseOf(model.StatusMonitor))
	if err != nil {
		return errors.Join(err, s.stop())
	}
	memory, err := idleMemory(ctx, map[string]*process{model.EngineAPI: s.node, model.SyncNode: s.sync, model.StatusMonitor: monitor})
	if err := errors.Join(err, monitor.stop(), s.stop()); err != nil {
		return err
	}
	for _, service := range slices.Sorted(maps.Keys(folders)) {
		size, err := sizeOf(folders[service])
		if err != nil {
			return err
		}
		fmt.Printf("  %-54s %.0f MiB of memory, %.1f MiB on the disk\n", fmt.Sprintf("%s, %d plays", service, plays), float64(memory[service])/(1<<20), float64(size)/(1<<20))
	}
	return nil
}

// startQuietMonitor starts the monitor of a station without heartbeats.
func startQuietMonitor(ctx context.Context, o options, s *station, database string) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	return startProgram(ctx, o.monitor, port, database, "AURA_SYNC_HOST="+s.sync.url, s.mainHost, "AURA_HEARTBEAT_LISTEN=127.0.0.1:0")
}

// idleMemory is what processes have in memory after nothing happened for a while.
func idleMemory(ctx context.Context, processes map[string]*process) (map[string]int64, error) {
	if err := pause(ctx, quiet); err != nil {
		return nil, err
	}
	memory := map[string]int64{}
	for name, p := range processes {
		rss, err := p.rss()
		if err != nil {
			return nil, err
		}
		memory[name] = rss
	}
	return memory, nil
}

// united returns when the sync node has everything.
func (s *station) united(ctx context.Context) error {
	for {
		waiting, err := s.waiting(ctx)
		if err != nil {
			return err
		}
		if waiting == 0 {
			break
		}
		if err := pause(ctx, settle); err != nil {
			return err
		}
	}
	return s.reconciled(ctx)
}

// fullEntry is seedEntry as an engine tells it that knows all about its files, with
// texts of usual length.
func fullEntry(i, records int, now time.Time) model.Entry {
	e := seedEntry(i, records, now)
	e.Artist, e.Album = e.Artist+" and the Seeds", e.Album+", the recordings"
	e.Title, e.ShowName = e.Title+" (a longer version)", e.ShowName+" with a presenter"
	e.MediaID, e.ReceivedAt = int64(i%60000+1), e.TrackStart.Add(time.Second)
	return e
}

// sizeOf is how many bytes the files of a folder have.
func sizeOf(folder string) (total int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}
