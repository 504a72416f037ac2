package command

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/cli/clitest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo"
)

// storeOld stores a play of each day until 2016 began in Vienna, and one of that moment,
// in a database that is served.
func (k kept) storeOld(days int) {
	k.t.Helper()
	db, _ := k.open()
	ctx := k.t.Context()
	if err := db.PrepareHeard(ctx); err != nil {
		k.t.Fatal(err)
	}
	bound := time.Date(2015, 12, 31, 23, 0, 0, 0, time.UTC)
	var records []model.Record
	for i := range days + 1 {
		r := model.Record{Entry: model.Entry{LogSource: k.owner.Host, TrackStart: bound.AddDate(0, 0, -i), Title: "a", Duration: 90500 * time.Millisecond}}
		r.Normalize()
		records = append(records, r)
	}
	for part := range slices.Chunk(records, 500) { // as they come from another node
		if _, err := db.Absorb(ctx, part, true); err != nil {
			k.t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		k.t.Fatal(err)
	}
}

// count is how many plays are stored.
func (k kept) count() int64 {
	k.t.Helper()
	db, err := repo.OpenExistingNode(repo.Config{URL: k.environ["AURA_DATABASE_URL"]}, zerolog.Nop())
	if err != nil {
		k.t.Fatal(err)
	}
	defer db.Close()
	n, err := db.CountEntries(k.t.Context(), model.EntryQuery{})
	if err != nil {
		k.t.Fatal(err)
	}
	return n
}

// TestPurge plays a person who looks what would go, purges it, does that again, and
// reads what remains.
func TestPurge(t *testing.T) {
	t.Parallel()
	k := newKept(t, 1)
	k.environ["AURA_STATION_TIMEZONE"] = "Europe/Vienna"
	k.storeOld(40)
	file := func(name string) string { return filepath.Join(t.TempDir(), name) }
	expect := func(args []string, code int, wants ...string) string {
		t.Helper()
		return clitest.Expect(t, Program("1.2.3"), k.environ, args, code, wants...)
	}
	plays := func(more ...string) []string {
		return append([]string{"purge", "plays", "--before", "2016-01-01", "--as", "Alice"}, more...)
	}
	expect([]string{"purge", "list"}, cli.ExitOK, "nothing was purged")
	expect([]string{"purge", "plays", "--reason", "x"}, cli.ExitUsage, "--before is required")
	expect(plays(), cli.ExitUsage, "--reason is required")
	expect([]string{"purge", "plays", "--before", "yesterday", "--reason", "x"}, cli.ExitUsage, `--before "yesterday"`)
	expect([]string{"purge", "plays", "--before", time.Now().AddDate(0, 0, -20).Format(time.DateOnly), "--reason", "x"}, cli.ExitUsage, "must be at least 31 days ago")
	expect(plays("--reason", "x", "--report", "a.txt"), cli.ExitUsage, "must end with .json or .csv")
	expect(plays("--dry-run"), cli.ExitOK, "2015-11        9    814.5", "2015-12       31   2805.5", "total       40     3620", "engine-api export --to 2015-12-31 plays.jsonl")
	if n := k.count(); n != 41 {
		t.Fatalf("after a dry run there are %d", n)
	}

	asJSON, asCSV := file("gone.json"), file("gone.csv")
	expect(plays("--reason", "kept for ten years", "--report", asJSON), cli.ExitOK,
		"plays before 2016-01-01T00:00:00+01:00 were purged on ", " by Alice: kept for ten years", "total       40     3620")
	if n := k.count(); n != 1 {
		t.Errorf("left are %d", n)
	}
	again := expect(plays("--reason", "again", "--report", asCSV), cli.ExitOK, "kept for ten years", "total       40")
	if list := expect([]string{"purge", "list"}, cli.ExitOK, "total       40"); list != again || strings.Contains(list, "not known to be done") {
		t.Errorf("listed is %s", list)
	}
	var purges []record.Purge
	raw, err := os.ReadFile(asJSON)
	if err == nil {
		err = json.Unmarshal(raw, &purges)
	}
	if err != nil || len(purges) != 1 || purges[0].Reason != "kept for ten years" || len(purges[0].Gone) != 2 || purges[0].Gone[0].Seconds != 814.5 {
		t.Errorf("reported is %s, %v", raw, err)
	}
	if raw, err = os.ReadFile(asCSV); err != nil || !strings.Contains(string(raw), ",Alice,kept for ten years,1,2015-12,31,2805.5\n") {
		t.Errorf("reported is %s, %v", raw, err)
	}

	k.environ["AURA_SYNC_HOST"] = "http://host-3:8010"
	expect(plays("--reason", "x"), cli.ExitConfig, "the sync node at http://host-3:8010 decides", "run `sync-node purge plays` there")
	expect(plays("--dry-run"), cli.ExitOK, "total        0        0")
}

// TestPurge_killed: a purge that is killed at any moment is completed by the service,
// without loss of what is kept, and counts each play once.
func TestPurge_killed(t *testing.T) {
	t.Parallel()
	random := seeded(t)
	const old = 6000
	cut := 0
	for range 4 {
		k := newKept(t, 1)
		k.storeOld(old)
		if !k.cutOff(random, 2*time.Second, "purge", "plays", "--before", "2016-01-02", "--reason", "old") {
			cut++
		}
		_, decided, _ := run(t, k.environ, "purge", "list")
		service, _ := k.served()
		left := int64(old + 1)
		if strings.Contains(decided, "were purged") {
			left = 0
			k.awaitCount(left)
		}
		_ = service.Process.Kill() // the service is killed, too
		_ = service.Wait()
		if n := k.count(); n != left {
			t.Errorf("left are %d, want %d: %s", n, left, decided)
		}
		if left == 0 {
			k.run(cli.ExitOK, "total     6001", "purge", "plays", "--before", "2016-01-02", "--reason", "old")
		}
	}
	t.Logf("cut off were %d", cut)
}

// awaitCount waits until that many plays are left.
func (k kept) awaitCount(want int64) {
	k.t.Helper()
	patience.Await(k.t, func() error {
		if n := k.count(); n != want {
			return fmt.Errorf("left are %d", n)
		}
		return nil
	})
}
