package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestStation_Orders(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "control")
	if _, err := sendOrder(t.Context(), path, "stop 1"); err == nil || !strings.Contains(err.Error(), "no engines are simulated there") {
		t.Errorf("without anybody: %v", err)
	}
	// A killed process leaves its socket.
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	l, err := listenForOrders(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := listenForOrders(path); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second one at the same socket: %v", err)
	}

	var out bytes.Buffer
	_, s := playing(0)
	s.zone, s.out = time.UTC, &out
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var taking sync.WaitGroup
	taking.Go(func() {
		if err := s.takeOrders(ctx, l); err != nil {
			t.Error(err)
		}
	})
	for _, test := range []struct {
		order, answer, refused string
		away                   bool // whether engine 1 is away after the order
	}{
		{order: "stop 1", answer: "engine 1 is stopped", away: true},
		{order: "stop 1", answer: "engine 1 is stopped already", away: true},
		{order: "start 2", answer: "engine 2 is running already", away: true},
		{order: "start 1", answer: "engine 1 is running"},
		{order: "stop 3", refused: `"stop 3" is no order`},
		{order: "stop", refused: `"stop" is no order`},
		{order: "halt 1", refused: `"halt 1" is no order`},
		{order: "", refused: `"" is no order`},
	} {
		answer, err := sendOrder(t.Context(), path, test.order)
		if answer != test.answer || (err == nil) != (test.refused == "") || err != nil && !strings.HasPrefix(err.Error(), test.refused) {
			t.Errorf("%q: %q, %v", test.order, answer, err)
		}
		if away := s.engines[0].away.Load(); away != test.away {
			t.Errorf("after %q engine 1 is away: %v", test.order, away)
		}
	}
	cancel()
	taking.Wait()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
	said := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, line := range said {
		said[i] = strings.Join(strings.Fields(line)[1:], " ")
	}
	expect(t, said, "stop engine 1 crashes, as ordered"+crash, "start engine 1"+back+", as ordered")
}

// TestListenForOrders_NoSocket: a file that is not a socket is left alone.
func TestListenForOrders_NoSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notes")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := listenForOrders(path); err == nil {
		l.Close()
		t.Error("it listens at a file")
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "precious" {
		t.Errorf("the file holds %q (%v)", data, err)
	}
}
