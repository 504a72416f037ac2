package correct_test

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/cli/correct"
	"aura.radio/engine/pkg/handler/handlertest"
	"aura.radio/engine/pkg/lifecycle"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

type settings struct{ lifecycle.Config }

func (settings) Owner() model.Owner { return model.Owner{Service: "service"} }

// service is a running engine-api over a real database, without a process of its
// own, and the command line that calls it.
type service struct {
	t   testing.TB
	db  *repo.Node
	url string
}

func start(t testing.TB) *service {
	t.Helper()
	db := repotest.Open(t, repotest.KindSQLite)
	server := httptest.NewServer(handlertest.EngineAPI(t, handlertest.Node(t, 2, db, db)))
	t.Cleanup(server.Close)
	return &service{t, db, server.URL}
}

// run runs a command line, whose words have no blanks but those of a quoted one.
func (s *service) run(args ...string) (code int, out string) {
	s.t.Helper()
	var all bytes.Buffer
	program := cli.Program[settings]{
		Name: "service", Version: "1", Short: "Serves",
		Default: func(map[string]string) settings { return settings{} },
		Load:    func(map[string]string) (settings, error) { return settings{}, nil },
		Commands: func(cli.Env[settings]) []*cobra.Command {
			return []*cobra.Command{correct.Commands(s.url, correct.Source(s.url))}
		},
	}
	code = program.Run(s.t.Context(), append([]string{"correct"}, args...), nil, &all, &all)
	return code, all.String()
}

// must runs a command that must end with that code, and say all of that.
func (s *service) must(code int, args string, said ...string) string {
	s.t.Helper()
	got, out := s.run(words(args)...)
	if got != code {
		s.t.Fatalf("%s: exit code %d, want %d: %s", args, got, code, out)
	}
	for _, want := range said {
		if !strings.Contains(out, want) {
			s.t.Errorf("%s: does not say %q: %s", args, want, out)
		}
	}
	return out
}

// words splits at blanks that stand in no quotes.
func words(line string) (list []string) {
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			list = append(list, part)
			continue
		}
		list = append(list, strings.Fields(part)...)
	}
	return list
}

var noon = time.Date(2020, 6, 27, 10, 0, 0, 0, time.UTC) // 12:00 in Vienna

// play stores a play of a source that started and arrived that many minutes after
// noon.
func (s *service) play(source int, title string, started, arrived float64, change ...func(*model.Entry)) model.Entry {
	s.t.Helper()
	after := func(minutes float64) time.Time { return noon.Add(time.Duration(minutes * float64(time.Minute))) }
	e := model.Entry{LogSource: source, TrackStart: after(started), Title: title, ReceivedAt: after(arrived)}
	for _, f := range change {
		f(&e)
	}
	e.Normalize()
	if err := s.db.StoreEntry(s.t.Context(), e); err != nil {
		s.t.Fatal(err)
	}
	return e
}

// shown are the entries as answers show them, oldest first: title, source and
// minutes after noon.
func (s *service) shown() string {
	s.t.Helper()
	entries, err := s.db.Entries(s.t.Context(), model.EntryQuery{Oldest: true})
	if err != nil {
		s.t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		e = e.Effective()
		list = append(list, fmt.Sprintf("%s/%d@%g", e.Title, e.LogSource, e.TrackStart.Sub(noon).Minutes()))
	}
	return strings.Join(list, " ")
}

func (s *service) want(shown string) {
	s.t.Helper()
	if got := s.shown(); got != shown {
		s.t.Errorf("shown are %q, want %q", got, shown)
	}
}

// records are all records of a source.
func (s *service) records(source int) []model.Record {
	s.t.Helper()
	list, _, err := s.db.Records(s.t.Context(), model.RecordQuery{Source: source})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

func TestShift(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.play(2, "before", -1, -1)
	s.play(2, "a", 0, 0)
	s.play(2, "b", 90, 90)
	s.play(2, "after", 121, 121)
	s.play(3, "other", 30, 30)
	const command = `shift --from "2020-06-27 12:00" --to "2020-06-27 14:00" --by -1h --source 2 --reason "summer time" --as M.Tester`

	s.must(cli.ExitOK, command+" --dry-run", "would be corrected: 2", "a: starts at 2020-06-27T11:00:00+02:00")
	s.want("before/2@-1 a/2@0 other/3@30 b/2@90 after/2@121")
	s.must(cli.ExitOK, command, "corrected: 2\n")
	const moved = "a/2@-60 before/2@-1 b/2@30 other/3@30 after/2@121"
	s.want(moved)
	// b is still in the range, and moves no further.
	s.must(cli.ExitOK, command, "corrected: 0", "left: 1 (was moved already)")
	s.want(moved)
	for _, r := range s.records(2) {
		if r.Entry.Title != "b" {
			continue
		}
		if len(r.Corrections) != 1 || r.Corrections[0].By != "M.Tester" || r.Corrections[0].Reason != "shifted by -1h0m0s: summer time" ||
			r.Corrections[0].Kind != model.CorrectionAmend || !r.Corrections[0].Before.TrackStart.Equal(noon.Add(90*time.Minute)) {
			t.Errorf("recorded %+v", r.Corrections)
		}
	}
	s.must(cli.ExitOK, command+" --undo --dry-run", "would be corrected: 2")
	s.must(cli.ExitOK, command+" --undo", "corrected: 2\n")
	const original = "before/2@-1 a/2@0 other/3@30 b/2@90 after/2@121"
	s.want(original)
	s.must(cli.ExitOK, command+" --undo", "corrected: 0")
	s.want(original)
	// It is taken back by the opposite shift, too.
	s.must(cli.ExitOK, command, "corrected: 2\n")
	s.must(cli.ExitOK, `shift --from "2020-06-27 11:00" --to "2020-06-27 11:00" --by 1h --source 2 --reason back`, "corrected: 1\n")
	s.must(cli.ExitOK, `shift --from "2020-06-27 12:30" --to "2020-06-27 12:30" --by 1h --source 2 --reason back -v`, "corrected: 1\n")
	s.want(original)
}

func TestShift_left(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.play(2, "wrong", 0, 120)
	s.play(2, "right", 1, 1)
	s.play(2, "imported", 2, 0, func(e *model.Entry) { e.ReceivedAt = time.Time{} })
	s.play(2, "given", 3, 123)
	s.play(2, "void", 4, 124)
	if _, _, err := s.db.LogMissed(t.Context(), entry(2, "manual", 5), model.Correction{Kind: model.CorrectionLog, At: noon, By: "M", Reason: "missed"}); err != nil {
		t.Fatal(err)
	}
	s.must(cli.ExitOK, `amend --from 2020-06-27 --to 2020-06-27 --title given --set "track_start=2020-06-27 12:06" --reason "heard it"`, "corrected: 1\n")
	s.must(cli.ExitOK, `void --from 2020-06-27 --to 2020-06-27 --title VOID --reason "was a test"`, "corrected: 1\n")
	const command = `shift --from 2020-06-27 --to 2020-06-27 --by 2h --reason "UTC" -v`
	s.must(cli.ExitOK, command+" --if-nearer", "corrected: 1\n", "wrong: starts at 2020-06-27T14:00:00+02:00",
		"left: 1 (would be further from its arrival)", "left: 1 (its arrival is not known)",
		"left: 1 (was logged by hand)", "left: 1 (a person gave or confirmed its start)")
	s.want("right/2@1 imported/2@2 manual/2@5 given/2@6 wrong/2@120")
	s.must(cli.ExitOK, command, "corrected: 2\n", "left: 1 (was moved already)")
	s.want("manual/2@5 given/2@6 wrong/2@120 right/2@121 imported/2@122")
}

func entry(source int, title string, minute int) model.Entry {
	e := model.Entry{LogSource: source, Title: title, TrackStart: noon.Add(time.Duration(minute) * time.Minute)}
	e.Normalize()
	return e
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	s := start(t)
	doubt := func(e *model.Entry) {
		e.Doubts = model.NewDoubts(model.NewDoubt("track_start", "x", "is more than five minutes ahead of its arrival; check the clocks"))
	}
	s.play(2, "doubtful", 10, 0, doubt)
	s.play(2, "undated", 1, 1, doubt)
	s.play(2, "good", 2, 2)
	const command = `confirm --from 2020-06-27 --to 2020-06-27 --reason "was played in advance"`
	s.must(cli.ExitOK, command+" --dry-run", "would be corrected: 1", "left: 2 (its start is not doubtful)")
	s.must(cli.ExitOK, command, "corrected: 1\n")
	s.must(cli.ExitOK, command, "corrected: 0\n", "left: 1 (a person gave or confirmed its start)")
	s.want("undated/2@1 good/2@2 doubtful/2@10")
	for _, r := range s.records(2) {
		if isConfirmed := len(r.Corrections) == 1 && r.Corrections[0].Changes.TrackStart.Equal(r.Entry.TrackStart); isConfirmed != (r.Entry.Title == "doubtful") {
			t.Errorf("%s: %+v", r.Entry.Title, r.Corrections)
		}
	}
}

func TestVoid_amend_restore(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.play(2, "a", 0, 0, func(e *model.Entry) { e.ShowName = "Fallback" })
	s.play(2, "b", 1, 1, func(e *model.Entry) { e.ShowName = "Nachtlicht" })
	const day = ` --from 2020-06-27 --to 2020-06-27 --reason "a test"`
	s.must(cli.ExitOK, "void --show fallback"+day, "corrected: 1\n")
	s.want("b/2@1")
	s.must(cli.ExitOK, "void --show fallback"+day, "corrected: 0\n")
	s.must(cli.ExitOK, "restore --dry-run"+day, "would be corrected: 1\n", "left: 1 (is not void)")
	s.must(cli.ExitOK, "restore"+day, "corrected: 1\n")
	s.want("a/2@0 b/2@1")
	s.must(cli.ExitOK, `amend --set track_title=c --set track_num=3 --title b`+day, "corrected: 1\n")
	s.must(cli.ExitOK, `amend --set track_title=c --title c`+day, "left: 1 (has these values already)")
	s.want("a/2@0 c/2@1")

	id := strconv.FormatInt(s.id("a"), 10)
	s.must(cli.ExitOK, `void --reason "a test" --id `+id, "corrected: 1\n")
	s.must(cli.ExitOK, `void --reason "a test" --id `+id, "left: 1 (is void already)")
	s.must(cli.ExitFailed, `void --reason "a test" --id 1000`, "entry 1000: not found")

	// One that is refused does not hold up the others.
	s.must(cli.ExitFailed, `amend --set track_num=many`+day, "refused: 1", "not every entry could be corrected")
	for _, wrong := range []string{
		"", "shift", "void" + day[:len(day)-len(`"a test"`)] + `""`, "void --reason x", "void --reason x --from 2020-06-27", "void --reason x --from yesterday --to 2020-06-27",
		"void --reason x --from 2020-06-28 --to 2020-06-27", "void --reason x --id 1 --from 2020-06-27", "shift" + day, "shift --by 1" + day,
		"amend" + day, "amend --set x" + day, "void now" + day, "source --from 1 --to 2 --reason x --from-date 2020-06-27 --to-date 2020-06-27",
		"source --from 1 --to 1 --old void --reason x --from-date 2020-06-27 --to-date 2020-06-27",
	} {
		if code, out := s.run(words(wrong)...); code != cli.ExitUsage {
			t.Errorf("%q: exit code %d: %s", wrong, code, out)
		}
	}
}

func (s *service) id(title string) int64 {
	s.t.Helper()
	entries, err := s.db.Entries(s.t.Context(), model.EntryQuery{Raw: true})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Title == title {
			return e.ID
		}
	}
	s.t.Fatalf("there is no %q", title)
	return 0
}

func TestManyPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	const n = 603
	for i := range n {
		s.play(2, "x", float64(i)/60, float64(i)/60)
	}
	const command = ` --from 2020-06-27 --to 2020-06-27 --reason x `
	s.must(cli.ExitOK, "shift --by 10s"+command, fmt.Sprintf("corrected: %d\n", n))
	s.must(cli.ExitOK, "shift --by 10s"+command, "corrected: 0\n", fmt.Sprintf("left: %d (was moved already)", n))
	s.must(cli.ExitOK, "source --from 2 --to 3 --old void --from-date 2020-06-27 --to-date 2020-06-27 --reason x", fmt.Sprintf("corrected: %d\n", n))
	if entries, err := s.db.Entries(t.Context(), model.EntryQuery{}); err != nil || len(entries) != n || entries[0].LogSource != 3 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

func TestNodeAway(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.url = "http://127.0.0.1:1"
	s.must(cli.ExitFailed, "void --from 2020-06-27 --to 2020-06-27 --reason x", "127.0.0.1:1")
}
