package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"time"
)

const (
	// announcements is how many changes each crowd hears.
	announcements = 5
	lastServedBar = 300 * time.Millisecond
)

// benchListeners measures how soon many listeners of the track service's stream have a
// change, and how much memory each of them takes. The peer is a server on the
// centrifuge library, which sends the same bytes to as many listeners.
func benchListeners(ctx context.Context, o options) error {
	var ours, theirs reception
	for range o.rounds {
		bodies, err := trackListeners(ctx, o, &ours)
		if err != nil {
			return fmt.Errorf("sync-node: %w", err)
		}
		if err := centrifugeListeners(ctx, o, bodies, &theirs); err != nil {
			return fmt.Errorf("centrifuge: %w", err)
		}
	}
	compareReceptions(o, ours, theirs)
	return nil
}

// reception is what some crowds heard. Times are in milliseconds.
type reception struct {
	answer     []float64 // from the beginning of a publication to its answer
	half, last []float64 // since the publication
	memory     []float64 // of each listener in a crowd, in bytes
	lost       int       // listeners that the server sent away
}

// trackListeners has titles posted to a sync node. It returns what the listeners got.
func trackListeners(ctx context.Context, o options, r *reception) (bodies [][]byte, err error) {
	err = inFolder(func(dir string) error {
		port, err := freePort()
		if err != nil {
			return err
		}
		node, err := startService(ctx, o.syncNode, port, "sqlite://"+filepath.Join(dir, "sync.db"))
		if err != nil {
			return err
		}
		err = r.measure(ctx, o, node, "/api/v1/trackservice/stream", func(number int) (since time.Time, err error) {
			err = post(ctx, node.url, announce(number), time.Now())
			return time.Now(), err // a title is published when it is stored, which is when it is answered
		}, func() error {
			body, err := fetch(ctx, node.url+"/api/v1/trackservice/current")
			bodies = append(bodies, body)
			return err
		})
		return errors.Join(err, node.stop())
	})
	return bodies, err
}

// centrifugeListeners has the same bodies published by the peer.
func centrifugeListeners(ctx context.Context, o options, bodies [][]byte, r *reception) error {
	server, err := startCentrifuge(ctx)
	if err != nil {
		return err
	}
	err = r.measure(ctx, o, server, centrifugeStream, func(number int) (since time.Time, err error) {
		since = time.Now() // it stores nothing
		return since, publish(ctx, server.url+"/publish", bodies[number])
	}, func() error { return nil })
	return errors.Join(err, server.stop())
}

func publish(ctx context.Context, url string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		return fmt.Errorf("publish: %s", res.Status)
	}
	return nil
}

// say publishes an announcement, and returns since when it is published.
type say func(number int) (since time.Time, err error)

// measure lets a crowd listen to a server, and calls then when all have heard an
// announcement.
func (r *reception) measure(ctx context.Context, o options, server *process, path string, say say, then func() error) error {
	if err := pause(ctx, settle); err != nil {
		return err
	}
	alone, err := server.rss()
	if err != nil {
		return err
	}
	listeners, err := startCrowd(ctx, server.url+path, o.listeners)
	if err != nil {
		return err
	}
	for number := 0; number < announcements && err == nil; number++ {
		if err = r.announced(ctx, listeners, number, say); err == nil {
			err = errors.Join(then(), pause(ctx, visiblePause))
		}
	}
	full, failed := server.rss()
	r.memory = append(r.memory, float64(full-alone)/float64(o.listeners))
	return errors.Join(err, failed, listeners.stop())
}

// announced measures one announcement.
func (r *reception) announced(ctx context.Context, listeners *crowd, number int, say say) error {
	began := time.Now()
	since, err := say(number)
	if err != nil {
		return err
	}
	r.answer = append(r.answer, milliseconds(time.Since(began)))
	heard, err := listeners.hear(ctx, announce(number))
	if err != nil {
		return err
	}
	r.half = append(r.half, milliseconds(heard.Half.Sub(since)))
	r.last = append(r.last, milliseconds(heard.Last.Sub(since)))
	if number == announcements-1 {
		r.lost += heard.Lost
	}
	return nil
}

// compareReceptions prints ours next to theirs.
func compareReceptions(o options, ours, theirs reception) {
	show := func(what, unit string, scale float64, ours, theirs []float64, more string) {
		figures := func(of []float64) string {
			return fmt.Sprintf("%.1f %s (%.1f to %.1f)", median(of)/scale, unit, slices.Min(of)/scale, slices.Max(of)/scale)
		}
		fmt.Printf("  %-54s %s against %s: ratio %.2f%s\n", fmt.Sprintf("%d listeners: %s", o.listeners, what),
			figures(ours), figures(theirs), median(ours)/median(theirs), more)
	}
	show("half of them have a change", "ms", 1, ours.half, theirs.half, "")
	show("the last one has it", "ms", 1, ours.last, theirs.last,
		fmt.Sprintf(", bar %d ms: %s", lastServedBar.Milliseconds(), verdict(median(ours.last) >= milliseconds(lastServedBar))))
	show("memory of each", "KiB", 1<<10, ours.memory, theirs.memory,
		fmt.Sprintf(", bar 1.00: %s", verdict(median(ours.memory) > median(theirs.memory))))
	name := fmt.Sprintf("%d listeners, %d crowds: ", o.listeners, o.rounds)
	fmt.Printf("  %-54s %.1f ms (%.1f to %.1f)\n", name+"until the POST is answered", median(ours.answer), slices.Min(ours.answer), slices.Max(ours.answer))
	fmt.Printf("  %-54s %d against %d\n", name+"sent away", ours.lost, theirs.lost)
}
