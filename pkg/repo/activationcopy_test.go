package repo_test

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/source"
)

// TestDB_RememberActivations: a node's copy matches the sync node's
// activations, however the sync node numbers them. No activation is ever lost
// from the copy.
func TestDB_RememberActivations(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		named := func(epoch int64, minute int, by string) model.Activation {
			return model.Activation{Epoch: epoch, Source: 1, From: noon, RecordedAt: noon.Add(time.Duration(minute) * time.Minute), By: by}
		}
		for _, step := range []struct {
			list []model.Activation
			want string
		}{
			{[]model.Activation{named(1, 1, "a"), named(2, 2, "b"), named(3, 3, "c")}, "1a 2b 3c"},
			{[]model.Activation{named(1, 1, "a"), named(2, 2, "b"), named(3, 3, "c")}, "1a 2b 3c"},
			{[]model.Activation{named(1, 4, "d"), named(2, 5, "A")}, "-1b 0a 1d 2A 3c"}, // the sync node started again from epoch 1
			{[]model.Activation{named(-1, 1, "a"), named(0, 2, "b"), named(3, 3, "c"), named(4, 4, "d"), named(5, 5, "A")}, "-1a 0b 3c 4d 5A"},
			{nil, "-1a 0b 3c 4d 5A"},
		} {
			if err := db.RememberActivations(t.Context(), step.list); err != nil {
				t.Fatal(err)
			}
			if got := byEpoch(t, db); got != step.want {
				t.Errorf("has %s, want %s", got, step.want)
			}
		}
		if page, err := db.ActivationsAfter(t.Context(), 0, 2); err != nil || len(page) != 2 || page[0].By != "c" || page[1].By != "d" {
			t.Errorf("page is %+v, %v", page, err)
		}
		var many []model.Activation
		for i := range 1200 {
			many = append(many, named(int64(100+i), 100+i, "x"))
		}
		if err := db.RememberActivations(t.Context(), many); err != nil {
			t.Fatal(err)
		}
		unknown, err := db.UnknownActivations(t.Context(), append(many, named(1, 1, "b")))
		if err != nil || len(unknown) != 1 {
			t.Errorf("unknown are %+v, %v", unknown, err)
		}
	})
}

// byEpoch shows the activations, ordered by epoch, with who made them.
func byEpoch(t *testing.T, db interface {
	ActivationsAfter(ctx context.Context, after int64, limit int) ([]model.Activation, error)
},
) string {
	t.Helper()
	all, err := db.ActivationsAfter(t.Context(), model.NoEpoch, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, a := range all {
		text = append(text, strconv.FormatInt(a.Epoch, 10)+a.By)
	}
	return strings.Join(text, " ")
}

// TestStation_RememberActivations: the sync node gets back what nodes know of
// the history, under the epochs that they know. The activation that was
// accepted last stays the last.
func TestStation_RememberActivations(t *testing.T) {
	for _, test := range []struct {
		name string
		here string
		// what the nodes know, one node after the other
		theirs []string
		want   string
	}{
		// a, b, c, … were accepted in this order.
		{"Empty", "", []string{"1a 2b 3c"}, "1a 2b 3c 4Z"},
		{"Gap", "1a 3c 4d", []string{"1a 2b 3c"}, "1a 2b 3c 4d 5Z"},
		{"LastLost", "1a 2b", []string{"1a 2b 3c"}, "1a 2b 3c 4Z"},
		{"Conflict", "1a 2d", []string{"1a 2b 3c"}, "0b 1a 3c 4d 5Z"},
		{"BegunAnew", "1x 2y", []string{"1a 2b 3c 4d 5e"}, "-1a 0b 1x 3c 4d 5e 6y 7Z"},
		{"BegunAnewAhead", "1w 2x 3y", []string{"1a 2b"}, "-1a 0b 1w 2x 3y 4Z"},
		{"OneAfterTheOther", "1y", []string{"1a 2b", "1a 2b 3c", "1a 2b 3c"}, "-1c 0a 2b 3y 4Z"},
		{"AskedForItsOwn", "1a 2b 3c", []string{"-1a 0b 3c"}, "1a 2b 3c 4Z"},
		{"Low", "", []string{"-2a -1b"}, "-2a -1b 1Z"},
		{"Twice", "", []string{"1a 2b 3a"}, "2b 3a 4Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			onEachStation(t, func(t *testing.T, s *repo.Station, raw *sql.DB) {
				read := func(text string) (list []model.Activation) {
					for _, word := range strings.Fields(text) {
						digits := strings.TrimRight(word, "abcdefghijklmnopqrstuvwxyz")
						epoch, err := strconv.ParseInt(digits, 10, 64)
						if err != nil {
							t.Fatal(err)
						}
						by := strings.TrimPrefix(word, digits)
						minute := int(by[0] - 'a')
						list = append(list, model.Activation{
							Epoch: epoch, Source: 1 + minute%2, From: noon.Add(time.Duration(minute/3) * time.Hour),
							RecordedAt: noon.Add(time.Duration(minute) * time.Minute), By: by,
						})
					}
					return list
				}
				for _, a := range read(test.here) {
					execSQL(t, raw, fmt.Sprintf("INSERT INTO activation (epoch, source, active_from, recorded_at, made_by, reason, pinned) VALUES (%d, %d, '%s', '%s', '%s', '', 0)",
						a.Epoch, a.Source, a.From.Format("2006-01-02 15:04:05.000000"), a.RecordedAt.Format("2006-01-02 15:04:05.000000"), a.By))
				}
				for hour := range 9 {
					if err := s.StoreEntry(t.Context(), playedAt(1+hour%2, 60*hour, 90, "x")); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := s.Rebuild(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				for i, theirs := range test.theirs {
					unknown, err := s.UnknownActivations(t.Context(), read(theirs))
					if err != nil {
						t.Fatal(err)
					}
					for range 2 { // the second time, nothing changes
						restored, err := s.RememberActivations(t.Context(), read(theirs))
						if err != nil || restored > len(unknown) {
							t.Errorf("node %d: restored %d, %v, want %d", i, restored, err, len(unknown))
						}
						unknown = nil
					}
				}
				if _, err := s.Activate(t.Context(), asked(model.Activation{Source: 9, From: noon, RecordedAt: noon.Add(time.Hour), By: "Z"}), source.Admit); err != nil {
					t.Fatal(err)
				}
				if got := byEpoch(t, s); got != test.want {
					t.Errorf("has %s, want %s", got, test.want)
				}
				if differing, err := s.Verify(t.Context(), nil); err != nil || differing != 0 {
					t.Errorf("%d segments differ, %v", differing, err)
				}
			})
		})
	}
}
