package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/repo"
)

// migrateTimeout bounds a migration: long enough to alter a table of many
// years.
const migrateTimeout = time.Hour

func (c commands) migrate() *cobra.Command {
	migrate := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's schema up to date, or look at it",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			return configError{errors.New("migrate needs to know which way: up, down or status")}
		},
	}
	add := func(use, short string, do func(ctx context.Context, db *repo.DB, out io.Writer) error) {
		migrate.AddCommand(&cobra.Command{
			Use: use, Short: short, Args: usageArgs(cobra.NoArgs),
			RunE: func(cmd *cobra.Command, _ []string) error {
				return c.withDatabase(cmd, do)
			},
		})
	}
	add("up", "Apply every migration that is missing", func(ctx context.Context, db *repo.DB, out io.Writer) error {
		if err := db.Migrate(ctx); err != nil {
			return err
		}
		return printStatus(ctx, db, out)
	})
	add("down", "Take back the last migration; its data is lost", func(ctx context.Context, db *repo.DB, out io.Writer) error {
		if err := db.MigrateDown(ctx); err != nil {
			return err
		}
		return printStatus(ctx, db, out)
	})
	add("status", "List the migrations and when they were applied", printStatus)
	return migrate
}

func (c commands) withDatabase(cmd *cobra.Command, do func(context.Context, *repo.DB, io.Writer) error) error {
	cfg, log, err := c.load()
	if err != nil {
		return err
	}
	db, err := repo.Open(cfg.Database, log)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), migrateTimeout)
	defer cancel()
	return errors.Join(do(ctx, db, cmd.OutOrStdout()), db.Close())
}

func printStatus(ctx context.Context, db *repo.DB, out io.Writer) error {
	migrations, err := db.MigrationStatus(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "VERSION\tNAME\tAPPLIED")
	for _, m := range migrations {
		applied := "no"
		if m.Applied {
			applied = m.AppliedAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%d\t%s\t%s\n", m.Version, m.Name, applied)
	}
	return table.Flush()
}
