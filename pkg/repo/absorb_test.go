package repo_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

func recordOf(e model.Entry, corrections ...model.Correction) model.Record {
	r := model.Record{Entry: e, Corrections: corrections}
	r.Normalize()
	return r
}

func absorb(t *testing.T, db *repo.Node, synced bool, records ...model.Record) []model.Absorbed {
	t.Helper()
	results, err := db.Absorb(t.Context(), records, synced)
	if err != nil || len(results) != len(records) {
		t.Fatalf("%d results, %v", len(results), err)
	}
	return results
}

// TestDB_Absorb_results: the sender of a record learns what the database has of
// it. If the database has more than was sent, the sender gets the whole record.
func TestDB_Absorb_results(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		short, long, named := entry(0, "a"), entry(0, "a"), entry(0, "a")
		short.Duration, long.Duration = time.Second, time.Minute
		named.ShowName = "Morning Show"
		both := long
		both.ShowName = named.ShowName
		moved := noon.Add(time.Hour)
		amended := model.Correction{Kind: model.CorrectionAmend, At: noon, By: "alice", Reason: "late", Changes: model.Changes{TrackStart: &moved}}
		for _, test := range []struct {
			name string
			came []model.Record
			want []model.Record // the whole stored record for each one that came
		}{
			{"New", []model.Record{recordOf(short)}, []model.Record{recordOf(short)}},
			{"Copy", []model.Record{recordOf(short)}, []model.Record{recordOf(short)}},
			{"More", []model.Record{recordOf(long)}, []model.Record{recordOf(long)}},
			{"Less", []model.Record{recordOf(short)}, []model.Record{recordOf(long)}},
			{"Other", []model.Record{recordOf(named)}, []model.Record{recordOf(both)}},
			{"Corrected", []model.Record{recordOf(both, amended), recordOf(both, amend(1, "b"))}, []model.Record{recordOf(both, amended, amend(1, "b")), recordOf(both, amended, amend(1, "b"))}},
			{"InOneBatch",
				[]model.Record{recordOf(entry(1, "x")), recordOf(entry(2, "y"), amend(1, "b")), recordOf(entry(1, "x")), recordOf(entry(2, "y"))},
				[]model.Record{recordOf(entry(1, "x")), recordOf(entry(2, "y"), amend(1, "b")), recordOf(entry(1, "x")), recordOf(entry(2, "y"), amend(1, "b"))},
			},
			{"None", nil, nil},
		} {
			t.Run(test.name, func(t *testing.T) {
				for i, got := range absorb(t, db, false, test.came...) {
					want := test.want[i]
					if got.Content != want.Content() {
						t.Errorf("record %d: content %s, want %s", i, got.Content, want.Content())
					}
					if isMore := test.came[i].Content() != want.Content(); isMore != (got.Merged != nil) ||
						isMore && !reflect.DeepEqual(comparable(*got.Merged), comparable(want)) {
						t.Errorf("record %d: merged %+v, want %+v", i, got.Merged, want)
					}
				}
			})
		}
		e, err := db.LatestEntry(t.Context(), moved)
		if err != nil || e.Effective().Title != "b" || !e.PlayedAt().Equal(moved) || e.ShowName != named.ShowName {
			t.Errorf("%+v, %v", e, err)
		}
	})
}

// TestDB_Absorb_synced: a record is synced if the sync node has exactly what is
// here.
func TestDB_Absorb_synced(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		less, more := entry(0, "a"), entry(0, "a")
		less.Duration, more.ShowName = time.Second, "Morning Show"
		all := less
		all.ShowName = more.ShowName
		for _, step := range []struct {
			name   string
			synced bool
			came   model.Record
			want   bool
		}{
			{"New", false, recordOf(less), false},
			{"Copy", false, recordOf(less), false},
			{"Confirmed", true, recordOf(less), true},
			{"CopyOfSynced", false, recordOf(less), true},
			{"Merged", true, recordOf(more), false},
			{"NotAll", true, recordOf(more), false},
			{"All", true, recordOf(all), true},
			{"LessThanSynced", true, recordOf(less), true},
			{"Corrected", true, recordOf(all, amend(0, "b")), true},
			{"CorrectedElsewhere", false, recordOf(all, amend(1, "c")), false},
		} {
			absorb(t, db, step.synced, step.came)
			if e := only(t, db); e.Synced != step.want {
				t.Errorf("%s: synced %t, want %t", step.name, e.Synced, step.want)
			}
		}
		t.Run("NewSynced", func(t *testing.T) {
			absorb(t, db, true, recordOf(entry(9, "z"), amend(0, "b")))
			if e := find(t, db, model.EntryQuery{Limit: 1})[0]; !e.Synced || e.Effective().Title != "b" {
				t.Errorf("%+v", e)
			}
		})
	})
}

// TestDB_Absorb_copies: copies that bring nothing new cost no write.
func TestDB_Absorb_copies(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		records := []model.Record{recordOf(entry(0, "a")), recordOf(entry(1, "b"), amend(0, "c"))}
		absorb(t, db, true, records...)
		stop := db.Record(func(query string, _ []any) {
			if !strings.HasPrefix(query, "SELECT") || strings.HasSuffix(query, "FOR UPDATE") {
				t.Errorf("executes %s", query)
			}
		})
		defer stop()
		absorb(t, db, true, records...)
		absorb(t, db, false, records...)
	})
}

// TestDB_Absorb_orphans: if an entry is lost, its corrections are not lost with
// it.
func TestDB_Absorb_orphans(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		whole := recordOf(entry(0, "a"), amend(0, "b"), amend(1, "c"))
		absorb(t, db, true, whole)
		execSQL(t, rawSQL(t, kind, url), "DELETE FROM playlog")
		got := absorb(t, db, true, recordOf(entry(0, "a"), amend(0, "b")))[0]
		if got.Content != whole.Content() || got.Merged == nil || only(t, db).Effective().Title != "c" {
			t.Errorf("%+v, stored %+v", got, only(t, db))
		}
	})
}

// TestDB_Absorb_corrections: they are stored whole, the oldest first.
func TestDB_Absorb_corrections(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		void := model.Correction{Kind: model.CorrectionVoid, At: noon, By: "bob", Reason: "not on air 🎵"}
		restore := model.Correction{Kind: model.CorrectionRestore, At: noon.Add(time.Hour), By: "bob", Reason: "was on air"}
		want := recordOf(entry(0, "a"), void, amend(2, "b"), restore).Corrections
		absorb(t, db, false, recordOf(entry(0, "a"), amend(2, "b")))
		absorb(t, db, false, recordOf(entry(0, "a"), restore, void, amend(2, "b")))
		got, err := db.Corrections(t.Context(), only(t, db).ID)
		for i := range got {
			got[i].ID = 0
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("stored\n%+v, %v, want\n%+v", got, err, want)
		}
		if read := unsynced(t, db)[0].Corrections; len(read) != 3 || read[0].Kind != void.Kind || read[2].Kind != restore.Kind {
			t.Errorf("read %+v", read)
		}
	})
}

// TestDB_MariaDB_meanwhile: a record is read and then written. What another
// transaction commits in between is not lost.
func TestDB_MariaDB_meanwhile(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(t *testing.T, db *repo.Node) error{
		"Digests": func(t *testing.T, db *repo.Node) error {
			_, err := db.Digests(t.Context(), model.DigestQuery{Kind: model.KindEntry, Source: 1, Span: model.SpanDay})
			return err
		},
		"Absorb": func(t *testing.T, db *repo.Node) error {
			more := entry(0, "a")
			more.Label = "4AD"
			_, err := db.Absorb(t.Context(), []model.Record{recordOf(more)}, false)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { // not parallel: both query InnoDB's table of transactions, see below
			url := repotest.MigratedURL(t, repotest.KindMariaDB)
			db := repotest.OpenURL(t, url)
			store(t, db, entry(0, "a"))
			raw := rawSQL(t, repotest.KindMariaDB, url)
			other, err := raw.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = other.Rollback() }()
			execSQL(t, raw, "UPDATE playlog SET content = NULL")
			if _, err := other.ExecContext(t.Context(), "UPDATE playlog SET show_name = 'Morning Show', content = NULL, is_synced = 0"); err != nil {
				t.Fatal(err)
			}
			written := make(chan error, 1)
			go func() { written <- write(t, db) }()
			// The other transaction commits when this one waits for it. InnoDB
			// refreshes that information only if nobody asked for it for 0.1 s.
			look := time.NewTicker(150 * time.Millisecond)
			defer look.Stop()
			for waiting := "0"; waiting == "0" && len(written) == 0; <-look.C {
				waiting = query(t, raw, `SELECT COUNT(*) AS n FROM information_schema.innodb_trx JOIN information_schema.processlist
					ON trx_mysql_thread_id = processlist.id WHERE trx_state = 'LOCK WAIT' AND db = DATABASE()`)[0]["n"]
			}
			if err := other.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := <-written; err != nil {
				t.Fatal(err)
			}
			if got := only(t, db); got.ShowName != "Morning Show" {
				t.Errorf("stored %+v", got)
			}
			q := model.DigestQuery{Kind: model.KindEntry, Source: 1, Span: model.SpanDay}
			got, err := db.Digests(t.Context(), q)
			if want := digestsOf(unsynced(t, db), q); err != nil || !slices.Equal(got, want) {
				t.Errorf("digests %v, %v, want %v", got, err, want)
			}
		})
	}
}

// TestDB_Absorb_poisoned: a batch is stored as a whole or not at all.
func TestDB_Absorb_poisoned(t *testing.T) {
	for _, table := range []struct{ event, name, column string }{{"INSERT", "playlog", "track_title"}, {"INSERT", "correction", "reason"}} {
		t.Run(table.name, func(t *testing.T) {
			onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
				poisonous(t, kind, url, table.event, table.name, table.column)
				c := amend(0, "b")
				c.Reason = poison
				_, err := db.Absorb(t.Context(), []model.Record{recordOf(entry(0, "a")), recordOf(entry(1, poison), c)}, false)
				wantRefused(t, err)
				if left := find(t, db, model.EntryQuery{}); len(left) != 0 {
					t.Errorf("left behind: %v", left)
				}
			})
		})
	}
}
