package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// crowdPatience bounds how long a crowd may take to arrive, or to hear something.
const crowdPatience = 2 * time.Minute

// crowd is a process of many listeners to server-sent events. It is a process of its
// own, so that the memory of a server is the server's alone.
type crowd struct {
	cmd   *exec.Cmd
	leave io.Closer
	heard chan heardByAll // closed when the crowd is gone
	gone  chan error      // why it is gone
}

// heardByAll says when half of a crowd, and when its last listener, had an announcement.
// The announcement "" is the first event that a listener gets, whatever it says.
type heardByAll struct {
	What string    `json:"what"`
	Half time.Time `json:"half"`
	Last time.Time `json:"last"`
	// Lost is how many listeners the server has sent away so far. They are not waited for.
	Lost int `json:"lost"`
}

// startCrowd returns when all listeners to a URL have their first event.
func startCrowd(ctx context.Context, url string, listeners int) (*crowd, error) {
	cmd, err := self("crowd", url, strconv.Itoa(listeners))
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	stay, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &crowd{cmd: cmd, leave: stay, heard: make(chan heardByAll), gone: make(chan error, 1)}
	go c.follow(out)
	if _, err := c.hear(ctx, ""); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

// self is a command that runs this program as another process. Its arguments name
// what it is to be.
func self(args ...string) (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return exec.Command(program, args...), nil
}

// follow passes on what the process prints, until it ends.
func (c *crowd) follow(out io.Reader) {
	defer close(c.heard)
	for lines := json.NewDecoder(out); ; {
		var h heardByAll
		if lines.Decode(&h) != nil {
			c.gone <- c.cmd.Wait()
			return
		}
		c.heard <- h
	}
}

// hear waits until all listeners have an announcement.
func (c *crowd) hear(ctx context.Context, what string) (heardByAll, error) {
	ctx, cancel := context.WithTimeout(ctx, crowdPatience)
	defer cancel()
	select {
	case h, ok := <-c.heard:
		switch {
		case !ok:
			return h, errors.New("the crowd is gone")
		case h.What != what:
			return h, fmt.Errorf("all listeners heard %q instead of %q", h.What, what)
		}
		return h, nil
	case <-ctx.Done():
		return heardByAll{}, fmt.Errorf("not all listeners heard %q: %w", what, ctx.Err())
	}
}

// stop sends the crowd away.
func (c *crowd) stop() error {
	_ = c.leave.Close() // fails only if the process has ended, which gone tells
	for range c.heard { // what nobody waited for
	}
	return <-c.gone
}
