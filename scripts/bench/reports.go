package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"aura.radio/engine/pkg/model"
)

const (
	// reportedTitles are in the period of the reports. No two of them are the same
	// recording.
	reportedTitles = 300_000
	// reportTimeout bounds one report.
	reportTimeout = 5 * time.Minute
	// reportsOver is how long after a report its memory must be given back.
	reportsOver = time.Minute

	reportPeakBar = 64 << 20
	reportRestBar = 20 << 20
)

// benchReports measures how much memory a sync node takes above what it has when it is
// idle: while it makes reports as XLSX, and a minute later.
func benchReports(ctx context.Context, o options) error {
	return onEach(ctx, func(name, _ string, database newDatabase) error {
		url, err := database(ctx, "sync")
		if err != nil {
			return err
		}
		records := min(o.records, reportedTitles)
		if err := archive(ctx, url, records, distinctEntry); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
		port, err := freePort()
		if err != nil {
			return err
		}
		node, err := startService(ctx, o.syncNode, port, url)
		if err != nil {
			return err
		}
		for _, atOnce := range []int{1, 2} {
			if err = reportsAtOnce(ctx, name, node, records, atOnce); err != nil {
				break
			}
		}
		return errors.Join(err, node.stop())
	})
}

// distinctEntry is seedEntry with a title that no other has.
func distinctEntry(i, records int, now time.Time) model.Entry {
	e := seedEntry(i, records, now)
	e.Title = fmt.Sprintf("Title %d", i)
	return e
}

// reportsAtOnce has some reports of all records made at once.
func reportsAtOnce(ctx context.Context, name string, node *process, records, atOnce int) error {
	if err := pause(ctx, settle); err != nil {
		return err
	}
	idle, err := node.rss()
	if err != nil {
		return err
	}
	if err := node.resetPeak(); err != nil {
		return err
	}
	now := time.Now()
	from, to := now.Add(-time.Duration(records)*3*time.Minute).Format(time.DateOnly), now.Format(time.DateOnly)
	began := time.Now()
	g, reading := errgroup.WithContext(ctx)
	sizes := make([]int64, atOnce)
	for i := range sizes {
		g.Go(func() (err error) {
			sizes[i], err = download(reading, node.url+"/api/v1/report?format=xlsx&from="+from+"&to="+to)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	took := time.Since(began)
	peak, err := node.peak()
	if err != nil {
		return err
	}
	if err := pause(ctx, reportsOver); err != nil {
		return err
	}
	rest, err := node.rss()
	if err != nil {
		return err
	}
	show := func(what string, used, bar int64, more string) {
		fmt.Printf("  %-54s %.1f MiB above %.1f MiB when idle%s, bar %d MiB: %s\n", fmt.Sprintf("%s: %d titles, %d XLSX at once, %s", name, records, atOnce, what),
			float64(used-idle)/(1<<20), float64(idle)/(1<<20), more, bar>>20, verdict(used-idle >= bar))
	}
	show("at most", peak, reportPeakBar, fmt.Sprintf(", %.1f MiB each in %.1f s", float64(sizes[0])/(1<<20), took.Seconds()))
	show("a minute later", rest, reportRestBar, "")
	return nil
}

// download reads an answer to its end, and returns its size.
func download(ctx context.Context, url string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	res, err := ask(ctx, url)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", url, res.Status)
	}
	return io.Copy(io.Discard, res.Body)
}
