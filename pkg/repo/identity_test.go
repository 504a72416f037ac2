package repo_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

func engine(host int) model.Owner { return model.Owner{Service: model.EngineAPI, Host: host} }

// TestDB_Claim: a database stays with whom it belongs to, and nobody else gets
// hold of it by mistake.
func TestDB_Claim(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, _ repotest.Kind, url string) {
		ctx, db := t.Context(), repotest.OpenURL(t, url)
		foreign := func(o model.Owner, whose string) {
			t.Helper()
			err := db.Belongs(ctx, o)
			if !errors.Is(err, repo.ErrForeign) || !strings.Contains(err.Error(), whose) {
				t.Errorf("%s: %v, want it to be %s's", o, err, whose)
			}
			if err := db.Claim(ctx, o); !errors.Is(err, repo.ErrForeign) {
				t.Errorf("%s claims it: %v", o, err)
			}
			if _, err := db.Begin(ctx, o, false); !errors.Is(err, repo.ErrForeign) {
				t.Errorf("%s begins: %v", o, err)
			}
		}
		own := func(o model.Owner) {
			t.Helper()
			if err := db.Belongs(ctx, o); err != nil {
				t.Errorf("%s: %v", o, err)
			}
		}
		own(engine(1)) // there is nothing yet
		if err := db.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		own(engine(1)) // it is nobody's
		if err := db.Claim(ctx, engine(0)); err != nil {
			t.Fatal(err)
		}
		own(engine(2)) // its number is not known
		foreign(model.Owner{Service: model.SyncNode}, "engine-api")
		first, err := db.Begin(ctx, engine(2), false)
		if err != nil || first.Owner != engine(2) || first.Starts != 1 {
			t.Fatalf("%+v, %v", first, err)
		}
		own(engine(0)) // as migrate up asks
		own(engine(3)) // it has no record yet
		again, err := db.Begin(ctx, engine(3), false)
		if err != nil || again.Owner != engine(3) || again.Database != first.Database {
			t.Fatalf("%+v, %v", again, err)
		}
		if _, err = db.Begin(ctx, engine(2), false); err != nil {
			t.Fatal(err)
		}
		store(t, db, entry(2, "a"))
		foreign(engine(3), "engine-api of host 2")
		second, err := db.Begin(ctx, engine(2), false)
		if err != nil || second.Database != first.Database || second.Starts != 4 || second.Start == first.Start {
			t.Errorf("%+v after %+v, %v", second, first, err)
		}
		if err := db.Adopt(ctx, engine(3)); err != nil {
			t.Fatal(err)
		}
		own(engine(3))
		foreign(engine(2), "engine-api of host 3")
	})
}

// TestDB_Belongs_inferred: whose a database is that an older program made follows
// from what it holds.
func TestDB_Belongs_inferred(t *testing.T) {
	t.Parallel()
	station, node, monitor := model.Owner{Service: model.SyncNode}, engine(1), model.Owner{Service: model.StatusMonitor}
	for name, c := range map[string]struct {
		fill func(t *testing.T, db *repo.Node)
		want model.Owner
	}{
		"Node":    {func(t *testing.T, db *repo.Node) { store(t, db, entry(1, "a")) }, node},
		"Station": {func(t *testing.T, db *repo.Node) { prepare(t, db.Station(t, 1)) }, station},
		"StationInUse": {func(t *testing.T, db *repo.Node) { // it is not prepared yet
			if err := db.Station(t, 1).StoreEntry(t.Context(), entry(1, "a")); err != nil {
				t.Fatal(err)
			}
		}, station},
		"Monitor": {func(t *testing.T, db *repo.Node) {
			if _, err := db.StoreDeliveries(t.Context(), []model.Delivery{{Channel: "hook 1", Body: []byte("{}"), CreatedAt: noon}}); err != nil {
				t.Fatal(err)
			}
		}, monitor},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repotest.Each(t, func(t *testing.T, open func(testing.TB) *repo.Node) {
				db := open(t)
				c.fill(t, db)
				for _, o := range []model.Owner{station, node, monitor} {
					if err := db.Belongs(t.Context(), o); (err == nil) != (o == c.want) {
						t.Errorf("%s: %v", o, err)
					}
				}
			})
		})
	}
}

func prepare(t *testing.T, s *repo.Station) {
	t.Helper()
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestDB_Begin: one process serves a database, and who else tries learns which.
func TestDB_Begin(t *testing.T) {
	onEachURL(t, func(t *testing.T, _ *repo.Node, _ repotest.Kind, url string) {
		ctx := t.Context()
		first, err := repo.OpenNode(repo.Config{URL: url}, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := first.Begin(ctx, engine(1), true); err != nil {
			t.Fatal(err)
		}
		second := repotest.OpenURL(t, url)
		_, err = second.Begin(ctx, engine(1), true)
		if !errors.Is(err, repo.ErrServed) || !strings.Contains(err.Error(), "process ") {
			t.Errorf("error %v, want %v and the process", err, repo.ErrServed)
		}
		if err := second.Ready(ctx); err != nil { // as commands do
			t.Error(err)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := second.Begin(ctx, engine(1), true); err != nil {
			t.Errorf("after the first one's end: %v", err)
		}
	})
}

// TestDB_Hold: a lock that was lost with its connection is taken again, unless
// somebody else has it.
func TestDB_Hold(t *testing.T) {
	t.Parallel()
	url := repotest.MigratedURL(t, repotest.KindMariaDB)
	first, second := repotest.OpenURL(t, url), repotest.OpenURL(t, url)
	if _, err := first.Begin(t.Context(), engine(1), true); err != nil {
		t.Fatal(err)
	}
	raw := rawSQL(t, repotest.KindMariaDB, url)
	lock := "CONCAT('aura-service:', MD5(DATABASE()))"
	holder := func() (id int64) {
		t.Helper()
		if err := raw.QueryRowContext(t.Context(), "SELECT COALESCE(IS_USED_LOCK("+lock+"), 0)").Scan(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	lose := func() {
		t.Helper()
		if _, err := raw.ExecContext(t.Context(), "KILL ?", holder()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	held := make(chan error, 1)
	go func() { held <- first.Hold(ctx) }()
	before := holder()
	lose()
	patience.Await(t, func() error {
		if id := holder(); id == 0 || id == before {
			return errors.New("the lock is not taken again")
		}
		return nil
	})
	// Now somebody else is faster.
	began := make(chan error, 1)
	go func() { _, err := second.Begin(ctx, engine(1), true); began <- err }()
	patience.Await(t, func() error {
		var n int
		err := raw.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User lock' AND db = DATABASE()").Scan(&n)
		if err == nil && n != 1 {
			err = errors.New("the second does not wait")
		}
		return err
	})
	lose()
	if err := <-began; err != nil {
		t.Fatal(err)
	}
	if err := <-held; !errors.Is(err, repo.ErrServed) {
		t.Errorf("error %v, want %v", err, repo.ErrServed)
	}
}
