package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// benchSyncReads compares hot reads of the sync node's on-air log with nginx
// serving the same bytes as files.
func benchSyncReads(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "aura-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	database := "sqlite://" + filepath.Join(dir, "sync.db")
	if err := archive(ctx, database, o.records, seedEntry); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	subject, err := startService(ctx, o.syncNode, port, database)
	if err != nil {
		return err
	}
	fmt.Printf("  ready with an on-air log of %d records in %s\n", o.records, subject.ready.Round(10*time.Millisecond))
	return errors.Join(againstNginx(ctx, o, dir, subject), subject.stop())
}
