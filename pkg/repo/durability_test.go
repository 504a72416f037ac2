package repo_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// childURL makes the test binary store entries into that database until it is
// killed. The binary prints the number of each acknowledged entry.
const (
	childURL   = "AURA_TEST_STORE_UNTIL_KILLED"
	childFirst = "AURA_TEST_STORE_FIRST"
	writers    = 8
	kills      = 5
)

// numbered is an entry whose track number is n.
func numbered(n int) model.Entry {
	e := entry(n, "durable")
	e.TrackNum = n
	return e
}

// storeFrom stores numbered entries with several writers until one fails, and
// reports each acknowledged entry.
func storeFrom(ctx context.Context, db *repo.Node, first int, acknowledged func(n int)) {
	var next atomic.Int64
	next.Store(int64(first))
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for {
				n := int(next.Add(1))
				if db.StoreEntry(ctx, numbered(n)) != nil {
					return
				}
				acknowledged(n)
			}
		})
	}
	all.Wait()
}

func storeUntilKilled(url string) int {
	db, err := repo.OpenNode(repo.Config{URL: url, QueryTimeout: repotest.QueryTimeout}, zerolog.Nop())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	first, err := strconv.Atoi(os.Getenv(childFirst))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var mu sync.Mutex
	storeFrom(context.Background(), db, first, func(n int) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(n)
	})
	return 1
}

// wantStored checks that every acknowledged entry is there, and none twice.
func wantStored(t *testing.T, db *repo.Node, acknowledged map[int]bool) {
	t.Helper()
	stored := map[int]int{}
	for _, e := range find(t, db, model.EntryQuery{}) {
		stored[e.TrackNum]++
	}
	for n := range acknowledged {
		if stored[n] != 1 {
			t.Errorf("entry %d was acknowledged and is stored %d times", n, stored[n])
		}
	}
	t.Logf("%d acknowledged, %d stored", len(acknowledged), len(stored))
}

func random(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// TestDB_SQLite_killed kills a process at random instants while it stores.
func TestDB_SQLite_killed(t *testing.T) {
	t.Parallel()
	url := repotest.MigratedURL(t, repotest.KindSQLite)
	db := repotest.OpenURL(t, url)
	r := random(t)
	acknowledged := map[int]bool{}
	for round := range kills {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), childURL+"="+url, childFirst+"="+strconv.Itoa(round*1_000_000))
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		enough, before := len(acknowledged)+1+r.IntN(200), len(acknowledged)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Fatal(err)
			}
			acknowledged[n] = true
			if len(acknowledged) == enough {
				// Not only right after an answer, but anywhere within the next
				// commits.
				time.AfterFunc(time.Duration(r.IntN(3000))*time.Microsecond, func() { _ = child.Process.Kill() })
			}
		}
		_ = child.Wait() // killed
		if len(acknowledged) == before {
			t.Fatal("the child stored nothing")
		}
		wantStored(t, db, acknowledged)
	}
}

// TestDB_MariaDB_killed kills the server at random instants while it stores. It
// is not parallel, because it disturbs every user of the server.
func TestDB_MariaDB_killed(t *testing.T) {
	server := repotest.MariaDB(t)
	db := repotest.Open(t, repotest.KindMariaDB)
	defer server.Restart(t)
	r := random(t)
	acknowledged := map[int]bool{}
	for round := range kills {
		var mu sync.Mutex
		before := len(acknowledged)
		enough := before + 1 + r.IntN(500)
		ctx, stop := context.WithCancel(t.Context()) // writes wait for the server
		storeFrom(ctx, db, round*1_000_000, func(n int) {
			mu.Lock()
			defer mu.Unlock()
			acknowledged[n] = true
			if len(acknowledged) == enough {
				time.AfterFunc(time.Duration(r.IntN(3000))*time.Microsecond, func() {
					server.Kill()
					stop()
				})
			}
		})
		stop()
		if len(acknowledged) == before {
			t.Fatal("nothing was stored")
		}
		server.Kill() // returns when the server has ended
		server.Restart(t)
		wantStored(t, db, acknowledged)
	}
}
