package repo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// stagedSuffix names a copy that waits to take the place of the database.
const stagedSuffix = ".restoring"

// Replacement is a copy of a database that waits next to the service's own to take
// its place. Meanwhile no service can begin to serve the database. Make it with
// Replace, and Close it.
type Replacement struct {
	Contents
	path, staged string
	lock         sqldb.ServiceLock
}

// Replace copies a file to be the service's database, and reads all of it. Nothing
// is changed before TakePlace. It takes as long as it takes. Errors: ErrServed;
// those of ReadCopy.
func Replace(ctx context.Context, cfg Config, from string) (_ *Replacement, err error) {
	path := cfg.File()
	if path == "" {
		return nil, sqldb.ErrOnServer
	}
	lock, err := sqldb.LockFile(ctx, path)
	if err != nil {
		return nil, err
	}
	r := &Replacement{path: path, staged: path + stagedSuffix, lock: lock}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	if err := copyFile(from, r.staged); err != nil {
		return nil, err
	}
	if r.Contents, err = ReadCopy(ctx, r.staged); err == nil && r.Instance != nil {
		err = sqldb.DropLabel(ctx, r.staged)
	}
	return r, err
}

// copyFile makes a file with the same contents, for this process's user only. It is
// on the disk when copyFile returns.
func copyFile(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, source)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// Adopt makes the copy that of another host.
func (r *Replacement) Adopt(ctx context.Context, o model.Owner, log zerolog.Logger) error {
	db, err := OpenExisting(Config{URL: "sqlite:" + (&url.URL{Path: r.staged}).EscapedPath()}, log) //nolint:contextcheck // its goroutine ends with Close
	if err != nil {
		return err
	}
	err = errors.Join(db.Adopt(ctx, o), db.Close(), sqldb.Settle(ctx, r.staged))
	if err == nil {
		r.Owner = o
	}
	return err
}

// asideSuffix begins the rest of the name of a database that made room.
const asideSuffix = ".before-"

// TakePlace moves the present database aside, if there is one, and puts the copy in
// its place. If it is cut off at any instant, the place has the one or the other as
// a whole. It returns the path of the one that made room, or "". Error: ErrServed
// if a process has the database open.
func (r *Replacement) TakePlace(ctx context.Context, now time.Time) (aside string, err error) {
	if err := sqldb.Settle(ctx, r.path); err != nil {
		return "", err
	}
	if err := r.forgetCutOff(); err != nil {
		return "", err
	}
	if aside, err = r.putAside(now); err != nil {
		return "", fmt.Errorf("move the database aside: %w", err)
	}
	if err := os.Rename(r.staged, r.path); err != nil {
		return "", err
	}
	return aside, syncDirectory(filepath.Dir(r.path))
}

// forgetCutOff removes the second name that a call which was cut off gave to the
// present database.
func (r *Replacement) forgetCutOff() error {
	present, err := os.Stat(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	others, err := filepath.Glob(r.path + asideSuffix + "*")
	if err != nil {
		return err
	}
	for _, other := range others {
		if info, err := os.Stat(other); err == nil && os.SameFile(info, present) {
			if err := os.Remove(other); err != nil {
				return err
			}
		}
	}
	return nil
}

// putAside gives the present database a second name. What SQLite keeps next to a
// database that is damaged must not be taken for the new one's.
func (r *Replacement) putAside(now time.Time) (aside string, err error) {
	for _, file := range sqldb.Files(r.path) {
		part := strings.TrimPrefix(file, r.path)
		to := r.path + asideSuffix + now.UTC().Format("20060102T150405.000") + part
		err := os.Link(file, to)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err == nil && part == "":
			aside = to
		case err == nil:
			err = os.Remove(file)
		}
		if err != nil {
			return "", err
		}
	}
	return aside, nil
}

// Close removes the copy unless it took its place, and lets services serve the
// database again.
func (r *Replacement) Close() error {
	err := os.Remove(r.staged)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, r.lock.Release())
}

// syncDirectory has the names of a directory's files on the disk.
func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
