package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/cli/backup"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/services/engine-api/internal/config"
	"aura.radio/engine/services/engine-api/internal/refused"
)

// backups are what a backup has besides the database: what waits for the database,
// and what nobody understood.
var backups = backup.Options[config.Config]{
	Parts: func(cfg config.Config) []backup.Part {
		path := cfg.Journal.File(cfg.Database.File())
		return []backup.Part{journalPart{path, cfg.Journal.Bytes()}, refused.NewFolder(path)}
	},
	Returns: func(cfg config.Config, aside string) []string {
		lines := []string{"nothing comes back by itself: there is no sync node"}
		if cfg.SyncHost != "" {
			lines = []string{
				"comes back by itself from the sync node, with its next comparison: plays, corrections, health, the history of the active source, the rules of what was heard",
				"does not come back: plays of other sources than this host's own, and what had not reached the sync node",
			}
		}
		if aside == "" {
			return lines
		}
		return append(lines,
			"what only the database of before has, as root:",
			fmt.Sprintf("  env AURA_HOST_ID=%d AURA_DATABASE_URL=sqlite://%s engine-api export before.jsonl", cfg.HostID, aside),
			"and once the service runs:",
			"  engine-api import --service "+cfg.HTTP.OwnURL()+" before.jsonl")
	},
}

// journalPart is the journal as a part of a backup.
type journalPart struct {
	path     string
	maxBytes int64
}

func (j journalPart) Name() string { return filepath.Base(j.path) }

func (j journalPart) CopyTo(ctx context.Context, path string) error {
	file, err := repo.OpenExistingJournal(j.path)
	if errors.Is(err, repo.ErrNoDatabase) {
		return nil
	}
	if err != nil {
		return err
	}
	if err = errors.Join(file.CopyTo(ctx, path), closeJournal(ctx, file)); err != nil {
		return errors.Join(err, os.RemoveAll(path))
	}
	_, err = repo.ReadJournalCopy(ctx, path)
	return err
}

func (j journalPart) TakeFrom(ctx context.Context, path string) (int64, error) {
	file := repo.NewJournal(j.path, j.maxBytes, zerolog.Nop())
	n, err := file.TakeFrom(ctx, path)
	return n, errors.Join(err, closeJournal(ctx, file))
}
