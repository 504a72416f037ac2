package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/lifecycle"
	"aura.radio/engine/pkg/lifecycle/lifecycletest"
	"aura.radio/engine/pkg/logging/loggingtest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

func TestMain(m *testing.M) { os.Exit(repotest.Main(m)) }

// app is a service that does w.
type app struct {
	*lifecycle.Service
	w lifecycle.Work
}

func (a app) Run(ctx context.Context) error { return a.Service.Run(ctx, a.w) }

func newApp(t *testing.T, database *repo.Config, w lifecycle.Work) app {
	t.Helper()
	o := lifecycle.Options{Name: "test", Version: "1.2.3", Log: zerolog.Nop(), HTTP: httpserver.Config{Listen: "127.0.0.1:0"}}
	if database != nil {
		db, err := repo.OpenNode(*database, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		o.Database, o.Migrate = db, database.MigrateAtStart()
	}
	s, err := lifecycle.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return app{s, w}
}

func sqlite(t *testing.T) *repo.Config {
	t.Helper()
	return &repo.Config{URL: repotest.URL(t, repotest.KindSQLite)}
}

// TestService_Prepare: the preparation is repeated while the database is away.
// Until it is done, the service answers but is not ready, and its tasks wait.
func TestService_Prepare(t *testing.T) {
	t.Parallel()
	var tries, prepared atomic.Int64
	goOn, began := make(chan struct{}), make(chan struct{})
	a := newApp(t, sqlite(t), lifecycle.Work{
		Prepare: func(ctx context.Context) error {
			if tries.Add(1) == 1 {
				return fmt.Errorf("test: %w", model.ErrUnavailable)
			}
			select {
			case <-goOn:
			case <-ctx.Done():
			}
			return nil
		},
		Prepared: func() { prepared.Add(1) },
		Tasks: []func(context.Context) error{func(ctx context.Context) error {
			if prepared.Load() != 1 {
				t.Errorf("a task began, prepared %d times", prepared.Load())
			}
			close(began)
			<-ctx.Done()
			return nil
		}},
	})
	s := lifecycletest.Start(t, a)
	s.AwaitAnswer(http.MethodGet, "/readyz", "", func(answer lifecycletest.Answer, text string) bool {
		return answer.StatusCode == http.StatusServiceUnavailable && strings.Contains(text, "still preparing its data") && tries.Load() == 2
	})
	if res, _ := s.Call(http.MethodGet, "/healthz", ""); res.StatusCode != http.StatusOK {
		t.Errorf("healthz while preparing: %s", res.Status)
	}
	select {
	case <-began:
		t.Error("a task began before its time")
	default:
	}
	close(goOn)
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	<-began
	_, text := s.Call(http.MethodGet, "/metrics", "")
	for _, want := range []string{`aura_build_info{service="test",version="1.2.3"} 1`, `aura_database_bytes{part="file"} `, `aura_database_bytes{part="log"} `} {
		if !strings.Contains(text, want) || strings.Contains(text, want+"0\n") {
			t.Errorf("metrics lack %s: %s", want, text)
		}
	}
}

// unwritable is a database that answers and takes no writes.
type unwritable struct{ *repo.Node }

func (unwritable) Writable(context.Context) error {
	return fmt.Errorf("disk is full: %w", model.ErrUnavailable)
}

// TestService_Unwritable: a service that can't store anything is not ready.
func TestService_Unwritable(t *testing.T) {
	t.Parallel()
	cfg := sqlite(t)
	db, err := repo.OpenNode(*cfg, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	base, err := lifecycle.New(lifecycle.Options{
		Name: "test", Log: zerolog.Nop(), HTTP: httpserver.Config{Listen: "127.0.0.1:0"}, Database: unwritable{db}, Migrate: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	lifecycletest.Start(t, app{base, lifecycle.Work{}}).AwaitAnswer(http.MethodGet, "/readyz", "", func(answer lifecycletest.Answer, text string) bool {
		return answer.StatusCode == http.StatusServiceUnavailable && strings.Contains(text, "disk is full")
	})
}

// fresh is a database whose schema is being made.
type fresh struct {
	*repo.Node
	made chan struct{}
}

func (f fresh) Migrate(ctx context.Context) error {
	select {
	case <-f.made:
		return f.Node.Migrate(ctx)
	case <-ctx.Done():
		return nil
	}
}

// TestService_FirstStart: while the service makes its schema, it asks nobody to do
// so, and a request that has to wait is no error in the log.
func TestService_FirstStart(t *testing.T) {
	t.Parallel()
	var log loggingtest.Lines
	cfg := sqlite(t)
	node, err := repo.OpenNode(*cfg, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	db := fresh{node, make(chan struct{})}
	base, err := lifecycle.New(lifecycle.Options{
		Name: "test", Log: zerolog.New(&log), HTTP: httpserver.Config{Listen: "127.0.0.1:0"}, Database: db, Migrate: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := lifecycletest.Start(t, app{base, lifecycle.Work{}})
	_, text := s.Await(http.StatusServiceUnavailable, http.MethodGet, "/readyz", "")
	if !strings.Contains(text, "still preparing its data") {
		t.Errorf("while the schema is being made: %s", text)
	}
	close(db.made)
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	if logged := log.String(); strings.Contains(logged, `"error",`) || strings.Contains(logged, "migrate up") || !strings.Contains(logged, "/readyz") {
		t.Errorf("logged:\n%s", logged)
	}
}

// TestService_Fails: a task or a preparation that fails ends the service. A
// schema that this program cannot use also ends it.
func TestService_Fails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	breaks := func(context.Context) error { return broken }
	old := sqlite(t)
	old.AutoMigrate = new(false)
	for name, test := range map[string]struct {
		database *repo.Config
		w        lifecycle.Work
		want     error
	}{
		"Task":       {sqlite(t), lifecycle.Work{Tasks: []func(context.Context) error{breaks}}, broken},
		"Early":      {sqlite(t), lifecycle.Work{Early: []func(context.Context) error{breaks}}, broken},
		"Prepare":    {sqlite(t), lifecycle.Work{Prepare: breaks}, broken},
		"Schema":     {old, lifecycle.Work{}, repo.ErrSchemaOlder},
		"NoDatabase": {nil, lifecycle.Work{Tasks: []func(context.Context) error{breaks}}, broken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience.Limit())
			defer cancel()
			if err := newApp(t, test.database, test.w).Run(ctx); !errors.Is(err, test.want) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

// TestService_Early: some tasks don't wait for the database.
func TestService_Early(t *testing.T) {
	t.Parallel()
	began, ended := make(chan struct{}), make(chan struct{})
	s := lifecycletest.Start(t, newApp(t, &repo.Config{URL: "mysql://nobody:nothing@127.0.0.1:1/none"}, lifecycle.Work{
		Early: []func(context.Context) error{func(ctx context.Context) error {
			close(began)
			<-ctx.Done()
			close(ended)
			return nil
		}},
		Tasks: []func(context.Context) error{func(context.Context) error { return errors.New("began without a database") }},
	}))
	<-began
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	<-ended
}
