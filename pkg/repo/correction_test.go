package repo_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// correct stores a given correction.
func correct(t *testing.T, db *repo.Node, id int64, c model.Correction) model.Correction {
	t.Helper()
	stored, err := db.Correct(t.Context(), id, func(model.Entry, []model.Correction) (model.Correction, error) { return c, nil })
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func amend(at int, title string) model.Correction {
	return model.Correction{
		Kind: model.CorrectionAmend, At: noon.Add(time.Duration(at) * time.Second), By: "alice", Reason: "wrong title 🎵",
		Changes: model.Changes{Title: &title}, Before: model.Changes{Title: new(string)},
	}
}

func TestDB_Correct(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		store(t, db, entry(0, "a"))
		id := only(t, db).ID

		t.Run("OK", func(t *testing.T) {
			var seen model.Entry
			c, err := db.Correct(t.Context(), id, func(e model.Entry, earlier []model.Correction) (model.Correction, error) {
				if len(earlier) != 0 {
					t.Errorf("earlier %v", earlier)
				}
				seen = e
				return amend(1, "b"), nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if seen.Title != "a" || seen.ID != id {
				t.Errorf("build saw %+v", seen)
			}
			all, err := db.Corrections(t.Context(), id)
			if err != nil || len(all) != 1 || !reflect.DeepEqual(all[0], c) {
				t.Errorf("%+v, %v, want %+v", all, err, c)
			}
			got := only(t, db)
			if got.Title != "a" || got.Effective().Title != "b" {
				t.Errorf("raw %q, effective %q", got.Title, got.Effective().Title)
			}
		})
		t.Run("Duplicate", func(t *testing.T) {
			before := only(t, db)
			again := correct(t, db, id, amend(1, "b"))
			all, err := db.Corrections(t.Context(), id)
			if err != nil || len(all) != 1 || !reflect.DeepEqual(all[0], again) {
				t.Errorf("%+v, %v, want only %+v", all, err, again)
			}
			if got := only(t, db); !reflect.DeepEqual(got, before) {
				t.Errorf("%+v, want %+v", got, before)
			}
		})
		t.Run("EarlierArrivesLate", func(t *testing.T) {
			correct(t, db, id, amend(0, "older"))
			if got := only(t, db).Effective().Title; got != "b" {
				t.Errorf("%q, want the later correction's", got)
			}
			all, err := db.Corrections(t.Context(), id)
			if err != nil || len(all) != 2 || *all[0].Changes.Title != "older" {
				t.Errorf("%+v, %v: want the oldest first", all, err)
			}
		})
		t.Run("VoidAndRestore", func(t *testing.T) {
			correct(t, db, id, model.Correction{Kind: model.CorrectionVoid, At: noon.Add(time.Minute), By: "bob", Reason: "not on air"})
			if got := find(t, db, model.EntryQuery{}); len(got) != 0 {
				t.Errorf("void, but found %v", got)
			}
			if e, err := db.Entry(t.Context(), id); err != nil || !e.Overlay.Void {
				t.Errorf("%+v, %v: want it void", e, err)
			}
			correct(t, db, id, model.Correction{Kind: model.CorrectionRestore, At: noon.Add(time.Hour), By: "bob", Reason: "was on air"})
			if got := only(t, db).Effective().Title; got != "b" {
				t.Errorf("restored %q", got)
			}
		})
		t.Run("BuildRefuses", func(t *testing.T) {
			refusal := model.Invalid("reason", "", "is required")
			_, err := db.Correct(t.Context(), id, func(model.Entry, []model.Correction) (model.Correction, error) {
				return model.Correction{}, refusal
			})
			if !errors.Is(err, refusal) {
				t.Errorf("error %v, want %v", err, refusal)
			}
		})
		t.Run("NotFound", func(t *testing.T) {
			_, err := db.Correct(t.Context(), id+100, func(model.Entry, []model.Correction) (model.Correction, error) {
				t.Error("build was called")
				return model.Correction{}, nil
			})
			if !errors.Is(err, model.ErrNotFound) {
				t.Errorf("error %v, want %v", err, model.ErrNotFound)
			}
			if _, err := db.Corrections(t.Context(), id+100); !errors.Is(err, model.ErrNotFound) {
				t.Errorf("error %v, want %v", err, model.ErrNotFound)
			}
		})
	})
}

// TestDB_Correct_concurrent: of concurrent corrections, each sees the earlier
// ones.
func TestDB_Correct_concurrent(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		store(t, db, entry(0, "a"))
		id := only(t, db).ID
		const n = 16
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				_, err := db.Correct(t.Context(), id, func(_ model.Entry, earlier []model.Correction) (model.Correction, error) {
					num := len(earlier)
					return model.Correction{
						Kind: model.CorrectionAmend, At: noon.Add(time.Duration(i) * time.Microsecond), By: "alice", Reason: "count",
						Changes: model.Changes{TrackNum: &num},
					}, nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		corrections, err := db.Corrections(t.Context(), id)
		if err != nil || len(corrections) != n {
			t.Fatalf("%d corrections, %v", len(corrections), err)
		}
		seen := map[int]bool{}
		for _, c := range corrections {
			seen[*c.Changes.TrackNum] = true
		}
		if len(seen) != n {
			t.Errorf("corrections saw %v before them", seen)
		}
		if got, want := only(t, db).Overlay, model.Fold(corrections); !reflect.DeepEqual(got, want) {
			t.Errorf("overlay %+v, want %+v", got, want)
		}
	})
}

func TestDB_LogMissed(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		logged := model.Correction{Kind: model.CorrectionLog, At: noon, By: "alice", Reason: "engine was down"}
		t.Run("OK", func(t *testing.T) {
			id, c, err := db.LogMissed(t.Context(), entry(0, "missed"), logged)
			if err != nil {
				t.Fatal(err)
			}
			e, err := db.Entry(t.Context(), id)
			if err != nil || !e.Manual || e.Title != "missed" {
				t.Errorf("%+v, %v", e, err)
			}
			if c.Entry != e.Fingerprint() || c.ID == 0 {
				t.Errorf("correction %+v", c)
			}
		})
		t.Run("Duplicate", func(t *testing.T) {
			before := only(t, db)
			id, _, err := db.LogMissed(t.Context(), entry(0, "missed"), logged)
			if err != nil || id != before.ID || !reflect.DeepEqual(only(t, db), before) {
				t.Errorf("%d, %v, %+v", id, err, only(t, db))
			}
			if all, err := db.Corrections(t.Context(), id); err != nil || len(all) != 1 {
				t.Errorf("%v, %v", all, err)
			}
		})
		t.Run("EngineSendsIt", func(t *testing.T) {
			store(t, db, entry(0, "missed"))
			if only(t, db).Manual {
				t.Error("still manual")
			}
		})
		t.Run("EngineHadSentIt", func(t *testing.T) {
			if _, _, err := db.LogMissed(t.Context(), entry(0, "missed"), logged); err != nil {
				t.Fatal(err)
			}
			if only(t, db).Manual {
				t.Error("the engine's entry became manual")
			}
		})
	})
}

// TestLogMissed_conflict: a transaction that must be tried again stores what
// was asked for.
func TestLogMissed_conflict(t *testing.T) {
	t.Parallel()
	for _, number := range []int{1020, 1205, 1213} {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			t.Parallel()
			url := repotest.MigratedURL(t, repotest.KindMariaDB)
			db := repotest.OpenURL(t, url)
			raw := rawSQL(t, repotest.KindMariaDB, url)
			refuseTwice(t, raw, "correction", number)
			for name, r := range map[string]recording{"engine-api": db, "sync node": db.Station(t, 1)} {
				execSQL(t, raw, "TRUNCATE TABLE refusals")
				asked := model.Correction{Kind: model.CorrectionLog, At: noon, By: "alice", Reason: name}
				id, stored, err := r.LogMissed(t.Context(), entry(0, name), asked)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				all, err := r.Corrections(t.Context(), id)
				if err != nil || len(all) != 1 || all[0].UID() != stored.UID() || all[0].By != "alice" || all[0].Reason != name {
					t.Errorf("%s: %+v, %v", name, all, err)
				}
			}
		})
	}
}

// refuseTwice has MariaDB refuse a new row of a table twice, as if another transaction
// had been faster.
func refuseTwice(t *testing.T, raw *sql.DB, table string, number int) {
	t.Helper()
	execSQL(t, raw, "CREATE TABLE refusals (n INT) ENGINE=MyISAM") // no rollback affects this engine
	execSQL(t, raw, "CREATE TRIGGER refuse BEFORE INSERT ON "+table+" FOR EACH ROW IF (SELECT COUNT(*) FROM refusals) < 2 THEN "+
		"INSERT INTO refusals VALUES (1); SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = "+fmt.Sprint(number)+"; END IF")
}

// recording is the part of DB and of Station that stores corrections.
type recording interface {
	LogMissed(ctx context.Context, e model.Entry, c model.Correction) (int64, model.Correction, error)
	Corrections(ctx context.Context, entryID int64) ([]model.Correction, error)
	Entry(ctx context.Context, id int64) (model.Entry, error)
}

// wantRoom: however often somebody logs the same entry, the record still fits
// into what nodes exchange. A correction that is already stored does not count
// as one too many.
func wantRoom(t *testing.T, db recording) {
	t.Helper()
	logAs := func(n int) (int64, error) {
		c := model.Correction{Kind: model.CorrectionLog, At: noon.Add(time.Duration(n) * time.Second), By: "alice", Reason: fmt.Sprint(n)}
		id, _, err := db.LogMissed(t.Context(), entry(1, "logged again"), c)
		return id, err
	}
	var id int64
	for n := range model.MaxCorrectionsByHand - 1 {
		var err error
		if id, err = logAs(n); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
	}
	if _, err := logAs(99); !isInvalid(err) {
		t.Errorf("one too many: %v", err)
	}
	if _, err := logAs(0); err != nil {
		t.Errorf("repeated: %v", err)
	}
	if all, err := db.Corrections(t.Context(), id); err != nil || len(all) != model.MaxCorrectionsByHand-1 {
		t.Errorf("%d corrections, %v", len(all), err)
	}
}

// wantOnce: a person who logs an entry again because the answer was lost adds
// no correction.
func wantOnce(t *testing.T, db recording) {
	t.Helper()
	missed := entry(1, "missed")
	var first int64
	for n := range 3 {
		c := model.Correction{Kind: model.CorrectionLog, At: noon.Add(time.Duration(n) * time.Second), By: "alice", Reason: "engine was down"}
		id, stored, err := db.LogMissed(t.Context(), missed, c)
		if err != nil || !stored.At.Equal(noon) || n > 0 && id != first {
			t.Fatalf("entry %d, %+v, %v", id, stored, err)
		}
		first = id
		missed.ShowName = "known later" // this change is stored nevertheless
	}
	if all, err := db.Corrections(t.Context(), first); err != nil || len(all) != 1 {
		t.Errorf("%+v, %v", all, err)
	}
	if e, err := db.Entry(t.Context(), first); err != nil || e.ShowName != "known later" {
		t.Errorf("%+v, %v", e, err)
	}
}

func isInvalid(err error) bool {
	_, ok := errors.AsType[*model.InvalidError](err)
	return ok
}

func TestLogMissed_again(t *testing.T) {
	t.Run("DB", func(t *testing.T) { onEach(t, func(t *testing.T, db *repo.Node) { wantOnce(t, db) }) })
	t.Run("Station", func(t *testing.T) {
		onEachStation(t, func(t *testing.T, s *repo.Station, _ *sql.DB) { wantOnce(t, s) })
	})
}

func TestLogMissed_tooMany(t *testing.T) {
	t.Run("DB", func(t *testing.T) { onEach(t, func(t *testing.T, db *repo.Node) { wantRoom(t, db) }) })
	t.Run("Station", func(t *testing.T) {
		onEachStation(t, func(t *testing.T, s *repo.Station, _ *sql.DB) { wantRoom(t, s) })
	})
}
