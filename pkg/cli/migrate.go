package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// migrateTimeout bounds a migration. It is long enough to alter a table that
// holds many years.
const migrateTimeout = time.Hour

// opener is one of the open functions of package repo.
type opener func(repo.Config, zerolog.Logger) (*repo.DB, error)

// openSchema opens the database with only those variables of the configuration
// that name it. The user who changes the schema need not be the service.
func (env Env[C]) openSchema(open opener) (*repo.DB, error) {
	base := env.program.Default(env.environ).Base()
	part := struct {
		Database repo.Config
		Log      logging.Config
	}{base.Database, base.Log}
	if err := errors.Join(config.LoadPart(&part, env.environ), repo.CheckParameters(part.Database)); err != nil {
		return nil, Mistake(fmt.Errorf("configuration:\n%w", err))
	}
	return open(part.Database, logging.New(part.Log, env.stderr))
}

func migrate[C Config](env Env[C]) *cobra.Command {
	step := func(use, short string, open opener, do func(ctx context.Context, db *repo.DB) error) *cobra.Command {
		return New(use, short, cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), migrateTimeout)
			defer cancel()
			db, err := env.openSchema(open)
			if err != nil {
				return err
			}
			err = do(ctx, db)
			if err == nil {
				err = printStatus(ctx, db, cmd.OutOrStdout())
			}
			return errors.Join(err, db.Close())
		})
	}
	down := step("down", "Undo the last migration, for tests; its data is lost", repo.OpenExisting, func(ctx context.Context, db *repo.DB) error {
		return db.MigrateDown(ctx)
	})
	down.Hidden = true // a service goes back one version without this command
	return Group("migrate", "Update the database's schema, or show its state",
		step("up", "Apply every missing migration", repo.Open, func(ctx context.Context, db *repo.DB) error {
			owner := model.Owner{Service: env.program.Name} // the first start knows the number of its host
			if err := db.Belongs(ctx, owner); err != nil {
				return err
			}
			if err := db.Migrate(ctx); err != nil {
				return err
			}
			return db.Claim(ctx, owner)
		}),
		down,
		adopt(env),
		checkSchema(env),
		step("status", "List the migrations and when they were applied", repo.OpenExisting, func(context.Context, *repo.DB) error {
			return nil
		}),
	)
}

// checkSchema is for package managers: before they restart a service, they ask
// whether the new program would start.
func checkSchema[C Config](env Env[C]) *cobra.Command {
	return New("check", "Say whether the service would start with its configuration and the schema", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		updatesItself := false
		open := func(cfg C, log zerolog.Logger) (*repo.DB, error) {
			updatesItself = cfg.Base().Database.MigrateAtStart()
			return repo.OpenExisting(cfg.Base().Database, log)
		}
		ready := func(context.Context, C, *repo.DB, zerolog.Logger) error { return nil }
		err := WithDatabase(cmd.Context(), env, open, ready)
		if updatesItself && errors.Is(err, repo.ErrSchemaOlder) {
			err = nil
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "the service would start")
		return err
	})
}

func adopt[C Config](env Env[C]) *cobra.Command {
	return New("adopt", "Make the database this service's own, after the number of its host was changed", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		ctx, cancel := context.WithTimeout(cmd.Context(), migrateTimeout)
		defer cancel()
		cfg, log, err := env.Load()
		if err != nil {
			return err
		}
		db, err := repo.OpenExisting(cfg.Base().Database, log)
		if err != nil {
			return err
		}
		if err = db.Ready(ctx); err == nil {
			err = db.Adopt(ctx, cfg.Owner())
		}
		if err == nil {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "the database is that of %s now\n", cfg.Owner())
		}
		return errors.Join(err, db.Close())
	})
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
