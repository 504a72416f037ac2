package repo_test

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/repotest"
)

// BenchmarkStoreEntry compares durable stores with bare prepared INSERTs of the
// same row, each committed. Both use one client on the same server and
// settings. Run it with -benchtime=3s -count=6 and compare entries/s.
func BenchmarkStoreEntry(b *testing.B) {
	for _, kind := range repotest.Kinds() {
		b.Run("database="+string(kind), func(b *testing.B) {
			b.Run("bare", func(b *testing.B) { benchBare(b, kind) })
			for _, clients := range []int{1, 64} {
				b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) { benchStore(b, kind, clients) })
			}
		})
	}
}

// played gives every entry of a benchmark its own start time. Titles follow one
// another as on the radio.
var played atomic.Int64

func benchEntry() model.Entry {
	n := played.Add(1)
	return model.Entry{
		LogSource:  1,
		TrackStart: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * 10 * time.Second),
		Artist:     "Mazzie Star", Album: "So Tonight That I Might See", Title: fmt.Sprint("Fade Into You ", n),
		TrackNum: int(n), Duration: 295 * time.Second, ShowName: "Morning Show",
	}
}

func benchStore(b *testing.B, kind repotest.Kind, clients int) {
	db := repotest.Open(b, kind)
	var left atomic.Int64
	left.Store(int64(b.N))
	var done sync.WaitGroup
	b.ResetTimer()
	for range clients {
		done.Go(func() {
			for left.Add(-1) >= 0 {
				if err := db.StoreEntry(b.Context(), benchEntry()); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	done.Wait()
	reportRate(b)
}

func benchBare(b *testing.B, kind repotest.Kind) {
	ctx := b.Context()
	url := repotest.MigratedURL(b, kind)
	db := rawSQL(b, kind, url)
	db.SetMaxOpenConns(1)
	insert, err := db.PrepareContext(ctx, `INSERT INTO playlog
		(fingerprint, log_source, track_start, track_artist, track_album, track_title, track_num, duration_ms, show_name, played_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		b.Fatal(err)
	}
	defer insert.Close()
	b.ResetTimer()
	for range b.N {
		e := benchEntry()
		at := e.TrackStart.Format("2006-01-02 15:04:05.000000")
		id := e.Fingerprint()
		if _, err := insert.ExecContext(ctx, id[:], 1, at, e.Artist, e.Album, e.Title, e.TrackNum, e.Duration.Milliseconds(), e.ShowName, at); err != nil {
			b.Fatal(err)
		}
	}
	reportRate(b)
}

// rawSQL opens a database without the repo.
func rawSQL(t testing.TB, kind repotest.Kind, url string) *sql.DB {
	t.Helper()
	var db *sql.DB
	var err error
	if kind == repotest.KindMariaDB {
		db, err = sql.Open("mysql", repotest.MariaDB(t).DSN(url[strings.LastIndex(url, "/")+1:])+"?interpolateParams=true")
	} else {
		db, err = sql.Open("sqlite", "file:"+strings.TrimPrefix(url, "sqlite://")+
			"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func reportRate(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkPlaying is one look of the track service while a backlog is stored: of
// none of it is derived yet what was heard.
func BenchmarkPlaying(b *testing.B) {
	for _, kind := range repotest.Kinds() {
		b.Run("database="+string(kind), func(b *testing.B) {
			db := repotest.Open(b, kind)
			if err := db.PrepareHeard(b.Context()); err != nil {
				b.Fatal(err)
			}
			var records []model.Record
			for range 5000 {
				e := benchEntry()
				e.ReceivedAt = time.Now()
				records = append(records, model.Record{Entry: e})
			}
			if _, err := db.Absorb(b.Context(), records, false); err != nil {
				b.Fatal(err)
			}
			playing := db.Playing()
			b.ReportAllocs()
			for b.Loop() {
				if latest, next, err := playing.LatestAndNext(b.Context(), time.Now()); err != nil || latest == nil || next != nil {
					b.Fatal(latest, next, err)
				}
			}
		})
	}
}
