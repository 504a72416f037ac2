package correct_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
)

func TestSource(t *testing.T) {
	t.Parallel()
	s := start(t)
	a := s.play(1, "a", 0, 0.5)
	s.play(1, "b", 1, 1)
	s.play(2, "c", 2, 2)
	s.play(1, "wrong", 3, 3)
	const day = ` --from 2020-06-27 --to 2020-06-27 --reason x`
	s.must(cli.ExitOK, `amend --title b --set track_artist=B`+day, "corrected: 1\n")
	s.must(cli.ExitOK, `void --title wrong`+day, "corrected: 1\n")

	const command = `source --from 1 --to 2 --old void --from-date 2020-06-27 --to-date 2020-06-27 --reason "engine 2 says 1" --as M.Tester`
	const before, after = "a/1@0 b/1@1 c/2@2", "a/2@0 b/2@1 c/2@2"
	s.must(cli.ExitOK, command+" --dry-run", "would be corrected: 2", "left: 1 (is void)", "a: belongs to source 2")
	s.want(before)
	s.must(cli.ExitOK, command, "corrected: 2\n", "left: 1 (is void)")
	s.want(after)
	s.must(cli.ExitOK, command, "corrected: 0\n", "left: 3 (is void)")
	s.want(after)

	for _, r := range s.records(2) {
		switch r.Entry.Title {
		case "a":
			doubts := r.Entry.Doubts.List()
			if !r.Entry.ReceivedAt.Equal(a.ReceivedAt) || r.Entry.Manual || r.Entry.Synced || len(doubts) != 1 || doubts[0].Field != "log_source" || doubts[0].Sent != "1" {
				t.Errorf("stored again as %+v", r.Entry)
			}
		case "b":
			if r.Entry.Effective().Title != "b" || len(r.Corrections) != 1 || *r.Corrections[0].Changes.Artist != "B" {
				t.Errorf("amendments are %+v", r.Corrections)
			}
		}
	}
	for _, r := range s.records(1) {
		last := r.Corrections[len(r.Corrections)-1]
		if r.Entry.Title != "wrong" && (last.Kind != model.CorrectionVoid || last.By != "M.Tester" || last.Reason != "belongs to source 2: engine 2 says 1" || r.Entry.Synced) {
			t.Errorf("%s is corrected by %+v", r.Entry.Title, last)
		}
	}

	s.must(cli.ExitOK, command+" --undo", "corrected: 2\n", "left: 1 (was not transferred)")
	s.want(before)
	s.must(cli.ExitOK, command+" --undo", "corrected: 0\n")
	s.want(before)
	s.must(cli.ExitOK, command, "corrected: 2\n")
	s.want(after)
	// What a person voided meanwhile stays void.
	s.must(cli.ExitOK, command+" --undo", "corrected: 2\n")
	s.must(cli.ExitOK, `void --source 1 --title a`+day, "corrected: 1\n")
	s.must(cli.ExitOK, command, "corrected: 1\n", "left: 2 (is void)")
	s.want("b/2@1 c/2@2")
}

func TestSource_keep(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.play(1, "both", 0, 0)
	s.play(1, "own", 1, 1, func(e *model.Entry) { e.ShowName = "Fallback" })
	const command = `source --from 1 --to 2 --from-date 2020-06-27 --to-date 2020-06-27 --reason x`
	s.must(cli.ExitOK, command+" --old void --show fallback", "corrected: 1\n")
	s.must(cli.ExitOK, command+" --old keep", "corrected: 1\n")
	s.must(cli.ExitOK, command+" --old keep", "corrected: 1\n")
	s.want("both/1@0 both/2@0 own/2@1")
	s.must(cli.ExitOK, command+" --old keep --undo", "corrected: 2\n")
	s.want("both/1@0 own/1@1")
}

// TestSource_property: however transfers and their undoing are repeated, each play
// counts once, under the source of the last one; amendments stay.
func TestSource_property(t *testing.T) {
	t.Parallel()
	s := start(t)
	day := 0
	rapid.Check(t, func(r *rapid.T) {
		day++ // each try has a range of its own
		var titles []string
		first := float64(day * 24 * 60)
		for i := range rapid.IntRange(1, 5).Draw(r, "plays") {
			title := fmt.Sprintf("%d.%d", day, i)
			titles = append(titles, title)
			s.play(1, title, first+float64(i), first+float64(i))
		}
		s.play(2, "own", first+30, first+30)
		date := noon.AddDate(0, 0, day).Format(time.DateOnly)
		command := fmt.Sprintf("source --from 1 --to 2 --old void --from-date %s --to-date %s --reason x", date, date)
		source := 1
		for range rapid.IntRange(1, 5).Draw(r, "commands") {
			source = 2
			undo := ""
			if rapid.Bool().Draw(r, "undo") {
				source, undo = 1, " --undo"
			}
			s.must(cli.ExitOK, command+undo)
		}
		entries, err := s.db.Entries(t.Context(), model.EntryQuery{From: noon.AddDate(0, 0, day), To: noon.AddDate(0, 0, day).Add(time.Hour), Oldest: true})
		if err != nil {
			r.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, fmt.Sprintf("%s/%d", e.Title, e.LogSource))
		}
		var want []string
		for _, title := range titles {
			want = append(want, fmt.Sprintf("%s/%d", title, source))
		}
		if want = append(want, "own/2"); !slices.Equal(got, want) {
			r.Fatalf("shown are %s, want %s", strings.Join(got, " "), strings.Join(want, " "))
		}
	})
}
