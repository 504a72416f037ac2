package command

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/repo"
)

// migrateTimeout bounds a migration: long enough to alter a table of many
// years.
const migrateTimeout = time.Hour

func migrate[C any](env Env[C]) *cobra.Command {
	type opener func(repo.Config, zerolog.Logger) (*repo.DB, error)
	step := func(use, short string, open opener, do func(ctx context.Context, db *repo.DB) error) *cobra.Command {
		return New(use, short, cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), migrateTimeout)
			defer cancel()
			return env.with(ctx, open, func(ctx context.Context, _ C, db *repo.DB, _ zerolog.Logger) error {
				if err := do(ctx, db); err != nil {
					return err
				}
				return printStatus(ctx, db, cmd.OutOrStdout())
			})
		})
	}
	return Group("migrate", "Bring the database's schema up to date, or look at it",
		step("up", "Apply every migration that is missing", repo.Open, func(ctx context.Context, db *repo.DB) error {
			return db.Migrate(ctx)
		}),
		step("down", "Take back the last migration; its data is lost", repo.OpenExisting, func(ctx context.Context, db *repo.DB) error {
			return db.MigrateDown(ctx)
		}),
		step("status", "List the migrations and when they were applied", repo.OpenExisting, func(context.Context, *repo.DB) error {
			return nil
		}),
	)
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
