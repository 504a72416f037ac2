package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"time"
)

// journalSlow is what no answer to an engine may take, whatever happens to the
// database.
const journalSlow = time.Second

// benchJournal compares POSTs that the journal takes, while somebody has locked
// the database, with bare INSERTs with synchronous=FULL.
func benchJournal(ctx context.Context, o options) error {
	return inFolder(func(dir string) error {
		file := filepath.Join(dir, "subject.db")
		bare := filepath.Join(dir, "bare.db")
		t := target{url: "sqlite://" + file, bareURL: "sqlite://" + bare, driver: "sqlite", source: "file:" + bare + bareSQLite}
		if err := migrate(ctx, t.bareURL); err != nil {
			return err
		}
		peer, err := openBare(ctx, t)
		if err != nil {
			return err
		}
		subject, err := startEngineAPI(ctx, o.binary, t.url, "AURA_JOURNAL_MAX=4GiB")
		if err != nil {
			return errors.Join(err, peer.close())
		}
		err = whileLocked(ctx, file, func() error {
			var slow []time.Duration
			err := pairs(o, "POST that the journal takes, 1 client", 0,
				func() (float64, error) { return timedPosts(ctx, o, subject.url, &slow) },
				func() (float64, error) { return peer.rate(ctx, o) })
			if err != nil {
				return err
			}
			slices.Sort(slow)
			worst := slow[len(slow)-1]
			fmt.Printf("  %-54s p50 %s, p99 %s, worst %s, bar %s: %s\n", "the same, how long an answer takes",
				slow[len(slow)/2].Round(10*time.Microsecond), slow[len(slow)*99/100].Round(10*time.Microsecond), worst.Round(time.Millisecond),
				journalSlow, verdict(worst > journalSlow))
			return nil
		})
		return errors.Join(err, subject.stop(), peer.close())
	})
}

// whileLocked keeps everybody else from writing an SQLite file.
func whileLocked(ctx context.Context, file string, do func() error) error {
	db, err := sql.Open("sqlite", "file:"+file+"?_txlock=immediate&_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(do(), tx.Rollback(), db.Close())
}

// timedPosts is the rate of a single client's POSTs. It adds to slow how long each
// took.
func timedPosts(ctx context.Context, o options, url string, slow *[]time.Duration) (float64, error) {
	began, n := time.Now(), 0
	for ; time.Since(began) < o.length; n++ {
		start := nextStart()
		body := fmt.Appendf(nil, `{"track_start": %q, "track_artist": "Mazzie Star", "track_album": "So Tonight That I Might See", "track_title": "Fade Into You %d", "track_num": 1, "track_duration": 295, "show_name": "Bench", "log_source": 1}`,
			time.Unix(start, 0).UTC().Format(time.RFC3339), start)
		asked := time.Now()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/v1/playlog", bytes.NewReader(body))
		if err != nil {
			return 0, err
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, err
		}
		_ = res.Body.Close() // 204 has none
		if res.StatusCode != http.StatusNoContent {
			return 0, fmt.Errorf("POST: %s", res.Status)
		}
		*slow = append(*slow, time.Since(asked))
	}
	return float64(n) / time.Since(began).Seconds(), nil
}
