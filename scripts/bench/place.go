package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"aura.radio/engine/pkg/repo/repotest"
)

// inFolder calls do with an empty folder, and removes the folder.
func inFolder(do func(dir string) error) error {
	dir, err := os.MkdirTemp("", "aura-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return do(dir)
}

// onServer calls do with a MariaDB server of its own, and ends the server.
func onServer(ctx context.Context, do func(server *repotest.Server) error) error {
	server, err := repotest.StartMariaDB(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(server), server.Close())
}

// newDatabase makes an empty database and returns its URL.
type newDatabase func(ctx context.Context, name string) (url string, err error)

// onEach calls do for SQLite, and then for MariaDB, with an empty folder.
func onEach(ctx context.Context, do func(name, dir string, database newDatabase) error) error {
	return inFolder(func(dir string) error {
		err := do("SQLite", dir, func(_ context.Context, name string) (string, error) {
			return "sqlite://" + filepath.Join(dir, name+".db"), nil
		})
		if err != nil {
			return err
		}
		return onServer(ctx, func(server *repotest.Server) error { return do("MariaDB", dir, server.CreateDatabase) })
	})
}
