package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	visibleBar = 50 * time.Millisecond
	// visiblePause keeps the station idle between two titles: the stream looks at
	// the log three times a second at most, and a title may take two looks.
	visiblePause = 1200 * time.Millisecond
	// visibleTitles bounds how many titles are posted.
	visibleTitles = 100
	// flushPause is the pause between two flushes. It leaves the disk to the
	// station most of the time.
	flushPause = 20 * time.Millisecond
	// visiblePatience bounds how long one title may take.
	visiblePatience = 10 * time.Second
)

// benchVisible measures how long after an engine began to POST a title to its node
// the sync node shows it on its stream. For comparison it measures the same for a
// title that is posted to the sync node itself: the way between the two adds to
// that time. It also measures how long the disk takes meanwhile to flush one
// block; each title needs several flushes.
func benchVisible(ctx context.Context, o options) error {
	return onEach(ctx, func(name, dir string, database newDatabase) error {
		node, err := database(ctx, "node")
		if err != nil {
			return err
		}
		sync, err := database(ctx, "sync")
		if err != nil {
			return err
		}
		return benchVisibleOn(ctx, o, dir, name, node, sync)
	})
}

func benchVisibleOn(ctx context.Context, o options, dir, name, nodeDatabase, syncDatabase string) error {
	s, err := startStation(ctx, o, nodeDatabase, syncDatabase)
	if err != nil {
		return err
	}
	err = withFlushes(ctx, dir, name+": the disk flushes a block", func() error {
		return visible(ctx, o, name+": posted to a node, shown by the sync node", visibleBar, s.node.url, s.sync.url)
	})
	err = errors.Join(err, visible(ctx, o, name+": posted to the sync node itself", 0, s.sync.url, s.sync.url))
	return errors.Join(err, s.stop())
}

// visible posts titles to one service, one at a time. It waits for each title on
// the other service's stream.
func visible(ctx context.Context, o options, name string, bar time.Duration, to, from string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	titles, err := listen(ctx, from)
	if err != nil {
		return err
	}
	var took []time.Duration
	for i := range min(o.samples, visibleTitles) {
		title := fmt.Sprintf("%s %d", name, i)
		began := time.Now()
		if err := post(ctx, to, title, began); err != nil {
			return err
		}
		if err := hear(ctx, titles, title); err != nil {
			return err
		}
		took = append(took, time.Since(began))
		time.Sleep(visiblePause)
	}
	printTimes(name, took, bar)
	return nil
}

// withFlushes runs do and prints how long a flush took meanwhile.
func withFlushes(ctx context.Context, dir, name string, do func() error) error {
	f, err := os.Create(filepath.Join(dir, "flushed"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var took []time.Duration
	var flushes errgroup.Group
	flushes.Go(func() error {
		for ctx.Err() == nil {
			began := time.Now()
			if _, err := f.WriteAt(make([]byte, 4096), 0); err != nil {
				return err
			}
			if err := f.Sync(); err != nil {
				return err
			}
			took = append(took, time.Since(began))
			time.Sleep(flushPause)
		}
		return nil
	})
	err = do()
	cancel()
	err = errors.Join(err, flushes.Wait(), f.Close())
	if err == nil {
		printTimes(name, took, 0)
	}
	return err
}

// printTimes prints how long something took, next to the bar for its p99 if there
// is one.
func printTimes(name string, took []time.Duration, bar time.Duration) {
	slices.Sort(took)
	p50, p99, worst := took[len(took)/2], took[len(took)*99/100], took[len(took)-1]
	what := ""
	if bar > 0 {
		what = fmt.Sprintf(", bar %d ms: %s", bar.Milliseconds(), verdict(p99 > bar))
	}
	fmt.Printf("  %-54s p50 %.1f ms, p99 %.1f ms, worst %.0f ms%s\n", name, milliseconds(p50), milliseconds(p99), milliseconds(worst), what)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func post(ctx context.Context, url, title string, start time.Time) error {
	body, err := json.Marshal(map[string]any{
		"track_start": start.UTC().Format("2006-01-02T15:04:05.000000Z"), "track_artist": "Mazzie Star", "track_title": title, "log_source": 1,
	})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/v1/playlog", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		answer, _ := io.ReadAll(res.Body)
		return fmt.Errorf("POST: %s: %s", res.Status, answer)
	}
	return nil
}

// listen follows the stream of a service until ctx ends.
func listen(ctx context.Context, url string) (<-chan string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/v1/trackservice/stream", http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req) //nolint:bodyclose // the goroutine below closes it
	if err != nil {
		return nil, err
	}
	titles := make(chan string, 100)
	go func() {
		defer res.Body.Close()
		defer close(titles)
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			data, found := strings.CutPrefix(lines.Text(), "data:")
			var track struct {
				Title string `json:"track_title"`
			}
			if found && json.Unmarshal([]byte(data), &track) == nil {
				titles <- track.Title
			}
		}
	}()
	return titles, nil
}

// hear returns when the stream brings the given title.
func hear(ctx context.Context, titles <-chan string, title string) error {
	patience := time.NewTimer(visiblePatience)
	defer patience.Stop()
	for {
		select {
		case heard, open := <-titles:
			switch {
			case !open:
				return errors.New("the stream ended")
			case heard == title:
				return nil
			}
		case <-patience.C:
			return fmt.Errorf("%q was not shown within %s", title, visiblePatience)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
