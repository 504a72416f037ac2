package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
)

// awayBar: an engine must not notice what happens to the sync node.
const awayBar = 0.9

// benchAway compares POSTs to an engine-api whose sync node hangs, or is not
// there, with POSTs to an engine-api without a sync node.
func benchAway(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "aura-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	hanging, err := listenSilently(ctx)
	if err != nil {
		return err
	}
	closed, err := freePort()
	if err != nil {
		return errors.Join(err, hanging.close())
	}
	alone, err := startEngineAPI(ctx, o.binary, "sqlite://"+filepath.Join(dir, "alone.db"))
	if err != nil {
		return errors.Join(err, hanging.close())
	}
	for _, c := range []struct{ name, address string }{
		{"hangs", hanging.Addr().String()},
		{"away", "127.0.0.1:" + closed},
	} {
		err = errors.Join(err, againstAlone(ctx, o, dir, c.name, c.address, alone))
	}
	return errors.Join(err, alone.stop(), hanging.close())
}

func againstAlone(ctx context.Context, o options, dir, name, syncNode string, alone *process) error {
	subject, err := startEngineAPI(ctx, o.binary, "sqlite://"+filepath.Join(dir, name+".db"), "AURA_SYNC_HOST=http://"+syncNode)
	if err != nil {
		return err
	}
	err = pairs(o, fmt.Sprintf("SQLite: POST, 1 client, sync node %s, against none", name), awayBar,
		func() (float64, error) { return posts(ctx, o, dir, subject.url, 1) },
		func() (float64, error) { return posts(ctx, o, dir, alone.url, 1) })
	return errors.Join(err, subject.stop())
}

// silent accepts connections and never answers.
type silent struct {
	net.Listener
	accepting sync.WaitGroup
	taken     []net.Conn
}

func listenSilently(ctx context.Context) (*silent, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &silent{Listener: l}
	s.accepting.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // the listener was closed
			}
			s.taken = append(s.taken, c)
		}
	})
	return s, nil
}

func (s *silent) close() error {
	err := s.Close()
	s.accepting.Wait()
	for _, c := range s.taken {
		_ = c.Close()
	}
	return err
}
