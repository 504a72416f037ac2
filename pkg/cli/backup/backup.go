package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/filelock"
	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

const (
	// timeout bounds a backup or a restore. A database of many years takes minutes.
	timeout = 6 * time.Hour
	// newPrefix and goingPrefix begin the names of folders that are being made and
	// deleted.
	newPrefix   = ".new-"
	goingPrefix = ".going-"
	// defaultFolder is next to the database.
	defaultFolder = "backups"
)

// Part is what a service stores besides its database. Its copy has its name.
type Part interface {
	Name() string
	// CopyTo copies it to a path where there is nothing. If there is nothing to
	// copy, it copies nothing.
	CopyTo(ctx context.Context, path string) error
	// TakeFrom adds what a copy has more, and returns how much that is. To take it
	// twice changes nothing.
	TakeFrom(ctx context.Context, path string) (n int64, err error)
}

// Options are what differs between services.
type Options[C cli.Config] struct {
	// Parts are what the service stores besides its database; nil if nothing.
	Parts func(cfg C) []Part
	// Returns says which of the things that a backup lacks come back by themselves,
	// and which do not. aside is the database of before; "" if there was none.
	Returns func(cfg C, aside string) []string
}

func (o Options[C]) parts(cfg C) []Part {
	if o.Parts == nil {
		return nil
	}
	return o.Parts(cfg)
}

// Backup is the command that copies all that the service stores.
func Backup[C cli.Config](env cli.Env[C], version string, o Options[C]) *cobra.Command {
	var keep int
	cmd := cli.New("backup [FOLDER]", "Copy all that the service stores into a new folder within FOLDER, while it runs", cobra.MaximumNArgs(1),
		func(cmd *cobra.Command, args []string) error {
			if keep < 0 {
				return cli.Usage(errors.New("--keep must be at least 1, or 0 for all"))
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			cfg, log, err := load(env, "mariadb-dump --single-transaction")
			if err != nil {
				return err
			}
			database := cfg.Base().Database
			root := filepath.Join(filepath.Dir(database.File()), defaultFolder)
			if len(args) > 0 {
				root = args[0]
			}
			db, err := repo.OpenExisting(database, log)
			if err != nil {
				return err
			}
			job := job{db: db, owner: cfg.Owner(), instance: env.Instance().Name, parts: o.parts(cfg), root: root, version: version}
			name, m, err := job.make(ctx)
			if err = errors.Join(err, db.Close()); err != nil {
				return err
			}
			if err := m.print(cmd.OutOrStdout(), filepath.Join(root, name)); err != nil || keep == 0 {
				return err
			}
			deleted, err := rotate(root, name, keep)
			for _, name := range deleted {
				fmt.Fprintf(cmd.OutOrStdout(), "deleted: %s\n", name)
			}
			return err
		})
	cmd.Long = "backup copies the database, and what waits next to it, as they are now, reads the copy from its beginning to its end, and only then\n" +
		"gives it its name. The service goes on meanwhile. Without FOLDER, backups are in the folder " + defaultFolder + " next to the database.\n" +
		"A MariaDB database has backups of its own: mariadb-dump --single-transaction."
	cmd.Flags().IntVar(&keep, "keep", 0, "delete all but so many of the newest backups of this database (default: none is deleted)")
	return cmd
}

// load reads the configuration of a service whose database is a file. If it is on a
// server, the error says what to use instead.
func load[C cli.Config](env cli.Env[C], instead string) (cfg C, log zerolog.Logger, err error) {
	cfg, log, err = env.Load()
	if err == nil && cfg.Base().Database.File() == "" {
		err = cli.Usage(fmt.Errorf("the database is on a server: use %s, as the handbook says", instead))
	}
	return cfg, log, err
}

// job makes a backup.
type job struct {
	db       *repo.DB
	owner    model.Owner
	instance instance.Name
	parts    []Part
	root     string
	version  string
}

// make makes a backup and returns its name. Until it is complete, its folder has
// another name.
func (j job) make(ctx context.Context) (name string, m manifest, err error) {
	if err := j.db.Belongs(ctx, j.owner); err != nil {
		return "", m, err
	}
	if _, err := j.db.Database(ctx); err != nil {
		if errors.Is(err, model.ErrNotFound) {
			err = errors.New("there is nothing to back up: no service has begun to serve the database")
		}
		return "", m, err
	}
	if err := os.MkdirAll(j.root, 0o700); err != nil {
		return "", m, err
	}
	release, err := lockFolder(filepath.Join(j.root, "."+stem(j.owner)+".lock"))
	if err != nil {
		return "", m, err
	}
	defer func() { err = errors.Join(err, release()) }()
	staged := filepath.Join(j.root, newPrefix+stem(j.owner))
	if err := os.RemoveAll(staged); err != nil { // what a call that was cut off left
		return "", m, err
	}
	now := time.Now()
	if m, err = j.fill(ctx, staged, now); err != nil {
		return "", m, errors.Join(err, os.RemoveAll(staged))
	}
	name = nameOf(j.owner, now)
	if err := os.Rename(staged, filepath.Join(j.root, name)); err != nil {
		return "", m, err
	}
	return name, m, syncPath(j.root)
}

// databaseName is that of the database's copy.
func databaseName(o model.Owner) string { return o.Service + ".db" }

// fill copies the parts first: what leaves them meanwhile is in the database.
func (j job) fill(ctx context.Context, folder string, now time.Time) (m manifest, err error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return m, err
	}
	for _, part := range j.parts {
		if err := part.CopyTo(ctx, filepath.Join(folder, part.Name())); err != nil {
			return m, err
		}
	}
	path := filepath.Join(folder, databaseName(j.owner))
	if err := j.db.CopyTo(ctx, path); err != nil {
		return m, err
	}
	files, err := filesOf(folder)
	if err != nil {
		return m, err
	}
	contents, err := repo.ReadCopy(ctx, path)
	if err != nil {
		return m, err
	}
	if contents.Owner.IsOther(j.owner) {
		return m, fmt.Errorf("%w: the copy is that of %s", repo.ErrForeign, contents.Owner)
	}
	contents.Owner = j.owner
	m = newManifest(contents, j.instance, files, j.version, now)
	return m, writeManifest(folder, m)
}

// lockFolder keeps others from making a backup of the same service there.
func lockFolder(path string) (release func() error, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = filelock.Try(file)
	if errors.Is(err, filelock.ErrHeld) {
		err = errors.New("another backup is being made there")
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error { return filelock.Release(file) }, nil
}

// print says what a backup holds.
func (m manifest) print(out io.Writer, path string) error {
	var bytes int64
	for _, f := range m.Files {
		bytes += f.Bytes
	}
	newest := "none"
	if m.Newest != nil {
		newest = m.Newest.Format(time.RFC3339)
	}
	_, err := fmt.Fprintf(out, "backup: %s\nof: %s, %s\nplays: %d, the newest of %s\ncorrections: %d\nhealth states: %d\nactivations: %d\nbytes: %d in %d files\n",
		path, m.owner(), m.MadeAt.Format(time.RFC3339), m.Rows["playlog"], newest, m.Rows["correction"], m.Rows["health"], m.Rows["activation"], bytes, len(m.Files))
	return err
}
