package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	changedBar = 0.7
	// fewRecords is how many records the peer's database has.
	fewRecords = 1000
	// changedReads is how many reads one rate is of.
	changedReads = 50
)

// benchChanged compares the first read of a list after a write, by an engine-api
// with many records, with the same read where there are few. Half of the writes
// are titles of now, the other half come a month late. Answers from memory play
// no role: a write makes them invalid.
func benchChanged(ctx context.Context, o options) error {
	return onEach(ctx, func(name, _ string, database newDatabase) error { return benchChangedOn(ctx, o, name, database) })
}

func benchChangedOn(ctx context.Context, o options, name string, database newDatabase) (err error) {
	begin := func(database string, records int) (*process, error) {
		if err := seed(ctx, database, records); err != nil {
			return nil, fmt.Errorf("seed: %w", err)
		}
		return startEngineAPI(ctx, o.binary, database)
	}
	urls := make([]string, 2)
	for i, records := range []int{o.records, fewRecords} {
		url, err := database(ctx, fmt.Sprintf("records%d", i))
		if err != nil {
			return err
		}
		service, err := begin(url, records)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, service.stop()) }()
		urls[i] = service.url
	}
	return pairs(o, name+": a list after a write", changedBar,
		func() (float64, error) { return readsAfterWrites(ctx, urls[0]) },
		func() (float64, error) { return readsAfterWrites(ctx, urls[1]) })
}

// readsAfterWrites is how many lists a second a client gets if each has changed
// since the one before. The time of the writes does not count.
func readsAfterWrites(ctx context.Context, url string) (float64, error) {
	var took time.Duration
	for i := range changedReads {
		at := time.Now()
		if i%2 == 1 {
			at = at.AddDate(0, -1, 0)
		}
		if err := post(ctx, url, fmt.Sprintf("Changed %d", i), at); err != nil {
			return 0, err
		}
		began := time.Now()
		if _, err := fetch(ctx, url+"/api/v1/trackservice?limit=50"); err != nil {
			return 0, err
		}
		took += time.Since(began)
	}
	return changedReads / took.Seconds(), nil
}
