package repo_test

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/status"
)

// primaryKey stands for a table's primary key among the indexes of a plan.
const primaryKey = "PRIMARY"

// storedOnce are the indexes that make a repeated write harmless. They are
// needed because they are unique, as TestDB_Correct, TestDB_StoreHealth and
// TestDB_StoreEntry show.
var storedOnce = []string{"correction_uid", "health_uid", "playlog_fingerprint"}

// planned is a query of the repo, with the indexes that its statements use.
type planned struct {
	name    string
	run     func() error
	indexes []string
}

// readTwice are queries that, on a server, read again under locks what they are
// about to change. sorting are queries that sort a small table.
var (
	readTwice = []string{"Absorb/More"}
	sorting   = []string{"Parked"}
)

func plannedQueries(t *testing.T, db *repo.Node) []planned {
	ctx := t.Context()
	at := noon.Add(2500 * time.Minute)
	first := find(t, db, model.EntryQuery{Limit: 1})[0]
	id := first.ID
	purge := purgeOf(0, noon.Add(time.Hour))
	if err := db.Adopt(ctx, engine(1)); err != nil {
		t.Fatal(err)
	}
	received := model.Health{Source: 1, LogTime: at.AddDate(1, 0, 0), ReceivedAt: at}
	entries := func(q model.EntryQuery) func() error {
		return func() error { _, err := db.Entries(ctx, q); return err }
	}
	count := func(q model.EntryQuery) func() error {
		return func() error { _, err := db.CountEntries(ctx, q); return err }
	}
	played := []string{"playlog_played"}
	session, _ := model.NewSession("ann", nil, noon)
	later := session
	later.Expires = later.Expires.Add(time.Hour)
	return []planned{
		{"EntryWith", func() error { _, err := db.EntryWith(ctx, first.Fingerprint()); return err }, []string{"playlog_fingerprint"}},
		{"Entry", func() error { _, err := db.Entry(ctx, id); return err }, []string{primaryKey}},
		{"Entries", entries(model.EntryQuery{Limit: 20}), played},
		{"Entries/Oldest", entries(model.EntryQuery{Oldest: true, Limit: 20}), played},
		{"Entries/Raw", entries(model.EntryQuery{Raw: true, Limit: 20}), played},
		{"Entries/Between", entries(model.EntryQuery{From: at, To: at.Add(time.Hour)}), played},
		{"Entries/After", entries(model.EntryQuery{After: &model.Position{PlayedAt: at, ID: 1}, Limit: 20}), played},
		{"Entries/AfterOldest", entries(model.EntryQuery{After: &model.Position{PlayedAt: at, ID: 1}, Oldest: true, Limit: 20}), played},
		{"Entries/Named", entries(model.EntryQuery{Named: true, Limit: 20}), played},
		{"Entries/Unsynced", entries(model.EntryQuery{UnsyncedOnly: true, Oldest: true, Limit: 20}), []string{"playlog_unsynced"}},
		{"Entries/UnsyncedAfter", entries(model.EntryQuery{UnsyncedOnly: true, After: &model.Position{PlayedAt: at, ID: 1}, Limit: 20}), []string{"playlog_unsynced"}},
		{"CountEntries", count(model.EntryQuery{}), played},
		{"CountEntries/Between", count(model.EntryQuery{From: at, To: at.Add(time.Hour)}), played},
		{"CountEntries/Unsynced", count(model.EntryQuery{UnsyncedOnly: true}), []string{"playlog_unsynced"}},
		{"EachEntry", func() error {
			return db.EachEntry(ctx, at, at.Add(time.Hour), func(model.Entry) error { return nil })
		}, played},
		{"LatestEntry", func() error { _, err := db.LatestEntry(ctx, at); return err }, played},
		{"NextEntry", func() error { _, err := db.NextEntry(ctx, at); return err }, played},
		{"Corrections", func() error { _, err := db.Corrections(ctx, id); return err }, []string{primaryKey, "correction_entry"}},
		{"Correct", func() error {
			_, err := db.Correct(ctx, id, func(model.Entry, []model.Correction) (model.Correction, error) { return amend(1, "x"), nil })
			return err
		}, []string{primaryKey, "correction_entry", primaryKey, primaryKey}},
		{"LogMissed", func() error {
			_, _, err := db.LogMissed(ctx, entry(0, "missed"), model.Correction{Kind: model.CorrectionLog, At: noon})
			return err
		}, []string{"playlog_fingerprint", "correction_entry", primaryKey, "playlog_fingerprint", "correction_entry", "playlog_fingerprint", "correction_uid"}},
		{"Purges", func() error { _, err := db.Purges(ctx); return err }, []string{primaryKey}},
		{"Purgeable", func() error { _, err := db.Purgeable(ctx, purge, monthOf, nil); return err }, []string{"playlog_source", "playlog_source", "playlog_source", primaryKey}},
		{"LatestHealth", func() error { _, err := db.LatestHealth(ctx, 1); return err }, []string{"health_source"}},
		{"StoreHealth", func() error { return db.StoreHealth(ctx, model.Health{Source: 1, LogTime: at}, asSaid) }, []string{"health_source", "health_uid"}},
		{"StoreHealth/Received", func() error { return db.StoreHealth(ctx, received, asSaid) }, []string{"health_source", "health_uid"}},
		{"StoreHealth/Fallback", func() error { return db.StoreHealth(ctx, received, asSaid) }, []string{"health_source", "playlog_source", "health_uid"}},
		{"PurgeHealths", func() error { _, err := db.PurgeHealths(ctx, at, 10); return err }, []string{"health_received", "health_source", "health_source", primaryKey, primaryKey}},
		{"LastPlay", func() error { _, err := db.LastPlay(ctx, 1); return err }, []string{"playlog_source"}},
		{"HealthHistory", func() error { _, err := db.HealthHistory(ctx, 1, at, 100); return err }, []string{"health_source", "health_source"}},
		{"ActiveSource", func() error { _, err := db.ActiveSource(ctx, at); return err }, []string{primaryKey, "activation_from"}},
		{"Activate", func() error {
			_, err := db.Activate(ctx, asked(model.Activation{Source: 1, From: at.Add(time.Second), RecordedAt: noon}), source.Admit)
			return err
		}, []string{primaryKey, "activation_from"}},
		{"Activations", func() error { _, err := db.Activations(ctx, 0, 20); return err }, []string{"activation_from"}},
		{"ActivationsAfter", func() error { _, err := db.ActivationsAfter(ctx, 7, 20); return err }, []string{primaryKey}},
		{"RememberActivations", func() error {
			return db.RememberActivations(ctx, []model.Activation{{Epoch: 7, Source: 1, From: at, RecordedAt: noon}, {Epoch: 8, Source: 1, From: at, RecordedAt: at}})
		}, []string{primaryKey, "activation_from", primaryKey, primaryKey, primaryKey}},
		{"Clock", func() error { _, err := db.Clock(ctx, 1); return err }, []string{primaryKey}},
		{"StoreClock", func() error {
			return db.StoreClock(ctx, model.Clock{Source: 1, SentAt: at}, status.LastClock)
		}, []string{primaryKey}},
		{"Absorb/New", func() error {
			_, err := db.Absorb(ctx, []model.Record{{Entry: entry(1, "new")}}, false)
			return err
		}, []string{primaryKey, "playlog_fingerprint", "correction_entry"}},
		{"Absorb/More", func() error {
			more := first
			more.Overlay, more.ShowName = model.Overlay{}, "Morning Show"
			_, err := db.Absorb(ctx, []model.Record{{Entry: more}}, false)
			return err
		}, []string{primaryKey, "playlog_fingerprint", "correction_entry"}},
		{"Unsynced", func() error { _, err := db.Unsynced(ctx, 3); return err }, []string{"playlog_unsynced", primaryKey, "correction_entry"}},
		{"MarkSynced", func() error { return db.MarkSynced(ctx, []model.Ack{{Fingerprint: first.Fingerprint()}}) }, []string{"playlog_fingerprint", primaryKey}},
		{"MarkSynced/Numbers", func() error {
			return db.MarkSynced(ctx, []model.Ack{{Fingerprint: first.Fingerprint(), ID: first.ID}})
		}, []string{primaryKey, primaryKey}},
		{"UnsyncedHealths", func() error { _, err := db.UnsyncedHealths(ctx, 100); return err }, []string{"health_unsynced", primaryKey}},
		{"MarkHealthsSynced", func() error { return db.MarkHealthsSynced(ctx, []model.Fingerprint{{1}}) }, []string{"health_uid", primaryKey}},
		{"UnsyncedClocks", func() error { _, err := db.UnsyncedClocks(ctx); return err }, []string{primaryKey}},
		{"MarkClocksSynced", func() error { return db.MarkClocksSynced(ctx, []model.Clock{{Source: 1, SentAt: noon}}) }, []string{primaryKey}},
		{"Park", func() error { return db.Park(ctx, model.KindEntry, model.Fingerprint{1}, "no") }, nil},
		{"Unpark", func() error { _, err := db.Unpark(ctx, model.Fingerprint{1}); return err }, []string{primaryKey}},
		{"Parked", func() error { _, err := db.Parked(ctx, 2); return err }, []string{"", "playlog_fingerprint", "health_uid"}},
		{"Outbox", func() error { _, err := db.Outbox(ctx); return err }, []string{"playlog_unsynced", "health_unsynced", primaryKey, primaryKey, "playlog_fingerprint", primaryKey, "health_uid", "playlog_unsynced", primaryKey}},
		{"Digests", func() error {
			_, err := db.Digests(ctx, model.DigestQuery{Kind: model.KindEntry, Source: 1, Span: model.SpanDay})
			return err
		}, []string{"playlog_source"}},
		{"Digests/Between", func() error {
			_, err := db.DigestsByPage(ctx, model.DigestQuery{Kind: model.KindEntry, Source: 1, Span: model.SpanDay, From: at, To: at.Add(time.Hour)}, 40)
			return err
		}, []string{"playlog_source", "playlog_source"}},
		{"Digests/Healths", func() error {
			_, err := db.Digests(ctx, model.DigestQuery{Kind: model.KindHealth, Source: 1, Span: model.SpanDay})
			return err
		}, []string{"health_source"}},
		{"Sources", func() error { _, err := db.Sources(ctx); return err }, []string{"playlog_source", "playlog_source"}},
		{"Records", func() error {
			_, _, err := db.Records(ctx, model.RecordQuery{Source: 1, From: at, To: at.Add(24 * time.Hour), After: &model.Position{PlayedAt: at, ID: 1}, Limit: 3})
			return err
		}, []string{"playlog_source", primaryKey, "correction_entry"}},
		{"HealthRecords", func() error {
			_, _, err := db.HealthRecords(ctx, model.RecordQuery{Source: 1, From: noon, Limit: 20})
			return err
		}, []string{"health_source", primaryKey}},
		{"Lease/Take", func() error { _, err := db.AcquireLease(ctx, "monitor", "a", time.Hour); return err }, []string{primaryKey, primaryKey}},
		{"Lease/Renew", func() error { _, err := db.AcquireLease(ctx, "monitor", "a", 2*time.Hour); return err }, []string{primaryKey, primaryKey, primaryKey}},
		{"Lease/Release", func() error { return db.ReleaseLease(ctx, "monitor", "a") }, []string{primaryKey, primaryKey}},
		{"Maintenances", func() error { _, err := db.Maintenances(ctx); return err }, []string{primaryKey}},
		{"StoreMaintenance", func() error {
			return db.StoreMaintenance(ctx, model.Maintenance{Source: 1, ChangedAt: at}, status.LastMaintenance)
		}, []string{primaryKey}},
		{"WaitingDeliveries", func() error { _, err := db.WaitingDeliveries(ctx, "hook 1", 10); return err }, []string{"delivery_waiting"}},
		{"LatestDelivery", func() error { _, err := db.LatestDelivery(ctx, "hook 1"); return err }, []string{"delivery_channel"}},
		{"FailDelivery", func() error { return db.FailDelivery(ctx, 2999, 1, "no") }, []string{primaryKey}},
		{"StartSession", func() error { return db.StartSession(ctx, session) }, []string{""}},
		{"Session", func() error { _, err := db.Session(ctx, session.ID); return err }, []string{primaryKey}},
		{"ProlongSession", func() error { return db.ProlongSession(ctx, later) }, []string{primaryKey}},
		{"EndSession", func() error { return db.EndSession(ctx, session.ID) }, []string{primaryKey}},
		{"EndDelivery", func() error { return db.EndDelivery(ctx, 2999, at, "") }, []string{primaryKey}},
		{"DecidePurge", func() error { return db.DecidePurge(ctx, purge) }, []string{primaryKey, primaryKey, primaryKey, primaryKey}},
		{"PurgePlays", func() error { _, _, err := db.PurgePlays(ctx, purge.UID(), monthOf, 2); return err },
			[]string{primaryKey, "playlog_source", "playlog_source", "playlog_source", primaryKey, "correction_entry", primaryKey, primaryKey, primaryKey}},
	}
}

// TestIndexes: every query uses the index that it should, without sorting, and
// no index is unused.
func TestIndexes(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			url := repotest.MigratedURL(t, kind)
			db := repotest.OpenURL(t, url)
			raw := rawSQL(t, kind, url)
			fill(t, db, raw, 5000)
			if kind == repotest.KindMariaDB {
				execSQL(t, raw, "ANALYZE TABLE playlog, correction, health, activation, clock, parked, maintenance, delivery, playlog_day")
			}
			claimed := map[string]bool{primaryKey: true}
			for _, name := range storedOnce {
				claimed[name] = true
			}
			for _, q := range plannedQueries(t, db) {
				t.Run(q.name, func(t *testing.T) {
					plans := explain(t, db, raw, kind, q.run)
					var used []string
					for _, p := range plans {
						used = append(used, p.index)
						claimed[p.index] = true
						if p.sorts && !slices.Contains(sorting, q.name) {
							t.Errorf("sorts: %s", p)
						}
					}
					want := q.indexes
					if kind == repotest.KindMariaDB && slices.Contains(readTwice, q.name) {
						want = slices.Concat(want, want[1:]) // the purges are read once
					}
					if !slices.Equal(used, want) {
						t.Errorf("uses %v, want %v\n%v", used, want, plans)
					}
				})
			}
			t.Run("CountEntries/Prepared", func(t *testing.T) {
				if err := db.CountDays(t.Context()); err != nil {
					t.Fatal(err)
				}
				store(t, db, entry(2, "later"))
				used := map[string]bool{}
				for _, p := range explain(t, db, raw, kind, func() error {
					_, err := db.CountEntries(t.Context(), model.EntryQuery{})
					return err
				}) {
					used[p.index], claimed[p.index] = true, true
				}
				want := []string{primaryKey, "playlog_played", "playlog_uncounted"}
				if got := slices.Sorted(maps.Keys(used)); !slices.Equal(got, want) {
					t.Errorf("uses %v, want %v", got, want)
				}
			})
			// By TestIndexes_OnAir, TestIndexes_Heard and TestIndexes_Titles. The last one is
			// that of a table which nothing uses any more.
			needed := []string{"onair_entry", "health_received", "heard_entry", "heard_source", "onair_titled", "onair_title_plays", "heard_titled", "heard_title_plays", "onair_title_first", "heard_title_first", "title_first_at"}
			for _, name := range schemaIndexes(t, raw, kind) {
				if !claimed[name] && !slices.Contains(needed, name) {
					t.Errorf("no query needs index %s", name)
				}
			}
		})
	}
}

// fill stores n plays and what belongs to them: so many rows that the choices of
// both databases' optimizers matter.
func fill(t *testing.T, db *repo.Node, raw *sql.DB, n int) {
	t.Helper()
	for i := 0; i < n; i += 250 {
		group := make([]model.Entry, 250)
		for j := range group {
			group[j] = entry(60*(i+j), fmt.Sprint("title ", i+j))
			group[j].Synced = j%100 != 0
		}
		for _, err := range db.CommitGroup(group...) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	ids := find(t, db, model.EntryQuery{Limit: 100})
	for i := range 200 {
		correct(t, db, ids[i%len(ids)].ID, amend(i, "amended"))
		if err := db.StoreHealth(t.Context(), model.Health{Source: i%3 + 1, LogTime: noon.Add(time.Duration(i) * time.Minute)}, asSaid); err != nil {
			t.Fatal(err)
		}
		refused := entry(60*250*i, fmt.Sprint("title ", 250*i))
		park(t, db, model.KindEntry, refused.Fingerprint(), "no")
		if err := db.StoreClock(t.Context(), model.Clock{Source: i + 1, SentAt: noon}, status.LastClock); err != nil {
			t.Fatal(err)
		}
		if err := db.StoreMaintenance(t.Context(), model.Maintenance{Source: i + 1, ChangedAt: noon}, status.LastMaintenance); err != nil {
			t.Fatal(err)
		}
	}
	fillDeliveries(t, db)
	// Through the repo, each row would be a commit.
	activations := make([]string, n)
	for i := range activations {
		at := noon.Add(time.Duration(i) * time.Minute).Format("2006-01-02 15:04:05.000000")
		activations[i] = fmt.Sprintf("(%d, %d, '%s', '%s', 'alice', 'test')", i+1, i%3+1, at, at)
	}
	execSQL(t, raw, "INSERT INTO activation (epoch, source, active_from, recorded_at, made_by, reason) VALUES "+strings.Join(activations, ", "))
}

// plan is what a database says about one access to a table.
type plan struct {
	statement string
	index     string // "" if it reads the whole table
	sorts     bool
	text      string
}

func (p plan) String() string { return "\n" + p.statement + "\n\t" + p.text }

// explain runs a query and returns the plans of its statements, except INSERTs.
func explain(t *testing.T, db *repo.Node, raw *sql.DB, kind repotest.Kind, run func() error) []plan {
	t.Helper()
	type statement struct {
		text string
		args []any
	}
	var statements []statement
	stop := db.Record(func(query string, args []any) {
		if !strings.HasPrefix(query, "INSERT") && !strings.HasPrefix(query, "REPLACE") {
			statements = append(statements, statement{query, args})
		}
	})
	err := run()
	stop()
	if err != nil {
		t.Fatal(err)
	}
	var plans []plan
	for _, s := range statements {
		prefix := "EXPLAIN "
		if kind == repotest.KindSQLite {
			prefix = "EXPLAIN QUERY PLAN "
		}
		for _, row := range query(t, raw, prefix+s.text, s.args...) {
			p := plan{statement: s.text, text: fmt.Sprint(row)}
			if kind == repotest.KindSQLite {
				detail := row["detail"]
				if strings.HasPrefix(detail, "CORRELATED") || strings.HasPrefix(detail, "SCALAR") || detail == "SCAN CONSTANT ROW" { // the subquery's own plan follows
					continue
				}
				p.sorts = strings.Contains(detail, "TEMP B-TREE")
				p.index = sqliteIndex(detail)
				if p.sorts && len(plans) > 0 {
					plans[len(plans)-1].sorts = true
					continue
				}
			} else if row["table"] == "" { // the subquery's own plan follows
				continue
			} else {
				p.sorts = strings.Contains(row["Extra"], "filesort") || strings.Contains(row["Extra"], "temporary")
				p.index, _, _ = strings.Cut(row["key"], "|") // the second index only filters
			}
			plans = append(plans, p)
		}
	}
	return plans
}

func sqliteIndex(detail string) string {
	if strings.Contains(detail, "USING INTEGER PRIMARY KEY") || strings.Contains(detail, "USING PRIMARY KEY") || strings.Contains(detail, "INDEX sqlite_autoindex_") ||
		slices.Contains([]string{"SCAN activation", "SCAN clock", "SCAN changed", "SCAN maintenance", "SCAN purged_plays"}, detail) { // in primary key order
		return primaryKey
	}
	_, after, _ := strings.Cut(detail, "INDEX ")
	name, _, _ := strings.Cut(after, " ")
	return name
}

func schemaIndexes(t *testing.T, raw *sql.DB, kind repotest.Kind) []string {
	t.Helper()
	list := "SELECT name AS name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'"
	if kind == repotest.KindMariaDB {
		list = `SELECT DISTINCT index_name AS name FROM information_schema.statistics
			WHERE table_schema = DATABASE() AND table_name <> 'goose_db_version'`
	}
	names := map[string]bool{}
	for _, row := range query(t, raw, list) {
		names[row["name"]] = true
	}
	if len(names) < 5 {
		t.Fatalf("found only the indexes %v", names)
	}
	return slices.Sorted(maps.Keys(names))
}

// query returns all rows as text by column.
func query(t *testing.T, db *sql.DB, text string, args ...any) []map[string]string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]string
	for rows.Next() {
		values, to := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		row := map[string]string{}
		for i, c := range columns {
			row[c] = values[i].String
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func execSQL(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
