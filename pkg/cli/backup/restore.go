package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// Restore is the command that puts a backup in the place of what the service has.
func Restore[C cli.Config](env cli.Env[C], o Options[C]) *cobra.Command {
	var force bool
	cmd := cli.New("restore BACKUP", "Put a backup in the place of the service's database, which is moved aside; the service must be stopped", cobra.ExactArgs(1),
		func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			cfg, log, err := load(env, "mariadb")
			if err != nil {
				return err
			}
			database := cfg.Base().Database
			if err := isOwn(filepath.Dir(database.File())); err != nil {
				return err
			}
			r := restoring{
				database: database, owner: cfg.Owner(), instance: env.Instance(), stop: env.Stop(), parts: o.parts(cfg), force: force,
				returns: func(aside string) []string { return o.Returns(cfg, aside) }, out: cmd.OutOrStdout(), log: log,
			}
			return r.run(ctx, args[0])
		})
	cmd.Long = "restore takes a folder that backup made, or a file that GET /backup gave. It reads all of it, adds what waited next to the database\n" +
		"to what waits there now, and then exchanges the databases in one step. The present one is moved aside, and nothing is deleted.\n" +
		"A backup of another service is always refused."
	cmd.Flags().BoolVar(&force, "force", false, "take a backup of another host or instance, and make it this one's")
	return cmd
}

// isOwn returns an error if what this process writes would not be the service's.
func isOwn(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("%w: %w", repo.ErrNoDatabase, err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d: run restore as that user, as the service itself runs", dir, stat.Uid)
	}
	return nil
}

// restoring puts a backup in its place.
type restoring struct {
	database repo.Config
	owner    model.Owner
	instance instance.Instance
	stop     string // the command line that ends the service
	parts    []Part
	force    bool
	returns  func(aside string) []string
	out      io.Writer
	log      zerolog.Logger
}

func (r restoring) run(ctx context.Context, from string) error {
	m, file, err := r.open(from)
	if err != nil {
		return r.advise(err)
	}
	copied, err := repo.Replace(ctx, r.database, file)
	if errors.Is(err, repo.ErrServed) {
		return r.stopFirst(err)
	}
	if err != nil {
		return fmt.Errorf("%s can't be restored: %w", from, err)
	}
	err = r.place(ctx, copied, m, from)
	return errors.Join(err, copied.Close())
}

// stopFirst says how to end the service that has the database.
func (r restoring) stopFirst(err error) error {
	return fmt.Errorf("%w: stop it first (%s)", err, r.stop)
}

// advise adds to an error about the backup's files what a person can do.
func (r restoring) advise(err error) error {
	dir := filepath.Dir(r.database.File())
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: copy it into %s, and give it to the user of that directory (chown -R --reference=%[2]s)", err, dir)
	case errors.Is(err, fs.ErrNotExist):
		if newest := newestIn(filepath.Join(dir, defaultFolder), r.owner); newest != "" {
			return fmt.Errorf("%w; the newest backup here is %s", err, newest)
		}
	}
	return err
}

// open finds the database in a backup, and looks whether that is as it was written.
// A file has no manifest.
func (r restoring) open(from string) (m manifest, file string, err error) {
	info, err := os.Stat(from)
	if err != nil {
		return m, "", err
	}
	if !info.IsDir() {
		return m, from, nil
	}
	if m, err = readManifest(from); err != nil {
		return m, "", err
	}
	if m.Service != r.owner.Service {
		return m, "", foreign(from, m.owner(), r.owner)
	}
	if err := r.admit(m.Instance, from); err != nil {
		return m, "", err
	}
	if err := m.unchanged(from); err != nil {
		return m, "", fmt.Errorf("%s is not as it was written: %w", from, err)
	}
	return m, filepath.Join(from, databaseName(r.owner)), nil
}

// admit refuses a backup of another instance: host and service of two programmes may
// be the same. A backup that does not say whose it is may be of any.
func (r restoring) admit(of *instance.Name, from string) error {
	if of == nil || *of == r.instance.Name {
		return nil
	}
	found := instance.Instance{Service: r.owner.Service, Name: *of}
	if !r.force {
		return fmt.Errorf("%w; --force makes it this instance's", foreign(from, found.Unit(), r.instance.Unit()))
	}
	_, err := fmt.Fprintf(r.out, "forced: the backup is of %s, and becomes that of %s\n", found.Unit(), r.instance.Unit())
	return err
}

func foreign[W any](from string, found, own W) error {
	return fmt.Errorf("%w: %s is a backup of %v, and this is %v", repo.ErrForeign, from, found, own)
}

func (r restoring) place(ctx context.Context, copied *repo.Replacement, m manifest, from string) error {
	if copied.Owner.IsOther(r.owner) {
		err := foreign(from, copied.Owner, r.owner)
		if copied.Owner.Service != r.owner.Service {
			return err
		}
		if !r.force {
			return fmt.Errorf("%w; --force makes it this host's", err)
		}
		fmt.Fprintf(r.out, "forced: the backup is of %s, and becomes that of %s\n", copied.Owner, r.owner)
		if err := copied.Adopt(ctx, r.owner, r.log); err != nil {
			return err
		}
	}
	if m.Instance == nil { // the copy may say it
		if err := r.admit((*instance.Name)(copied.Instance), from); err != nil {
			return err
		}
	}
	for _, part := range r.parts {
		n, err := r.take(ctx, part, m, from)
		if err != nil {
			return fmt.Errorf("restore %s: %w", part.Name(), err)
		}
		if n > 0 {
			fmt.Fprintf(r.out, "added to %s: %d\n", part.Name(), n)
		}
	}
	aside, err := copied.TakePlace(ctx, time.Now())
	if errors.Is(err, repo.ErrServed) {
		return r.stopFirst(err)
	}
	if err != nil {
		return err
	}
	return r.report(copied.Contents, aside)
}

// take adds the part that is in the backup, if it is.
func (r restoring) take(ctx context.Context, part Part, m manifest, from string) (int64, error) {
	for _, f := range m.Files {
		if f.Name == part.Name() || strings.HasPrefix(f.Name, part.Name()+"/") {
			return part.TakeFrom(ctx, filepath.Join(from, part.Name()))
		}
	}
	return 0, nil
}

// report says what is there now, and what is not.
func (r restoring) report(c repo.Contents, aside string) error {
	newest := "none"
	if !c.Newest.IsZero() {
		newest = c.Newest.Format(time.RFC3339)
	}
	lines := []string{
		"restored: " + r.database.File(),
		fmt.Sprintf("plays: %d, the newest of %s", c.Rows["playlog"], newest),
	}
	if aside != "" {
		lines = append(lines, "the database of before: "+aside)
	}
	for _, line := range append(lines, r.returns(aside)...) {
		if _, err := fmt.Fprintln(r.out, line); err != nil {
			return err
		}
	}
	return nil
}
