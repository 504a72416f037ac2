package report

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
)

// TestWrite_spilled: totals that do not fit into memory are the same, in the same
// order.
func TestWrite_spilled(t *testing.T) {
	t.Parallel()
	m := month(t, "2020-10")
	rapid.Check(t, func(t *rapid.T) {
		list := each(plays(m).Draw(t, "plays"))
		size := rapid.IntRange(1, 20*rowSize).Draw(t, "size")
		for name, write := range formats {
			var want, got bytes.Buffer
			inMemory, spilled := of(m, list), of(m, list)
			spilled.inMemory = size
			if err := errors.Join(write(context.Background(), &want, inMemory), write(context.Background(), &got, spilled)); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want.Bytes()) {
				t.Fatalf("%s: got\n%s\nwant\n%s", name, &got, &want)
			}
		}
	})
}

// TestSums: what one key has in several runs is added up in the order of the plays.
func TestSums(t *testing.T) {
	t.Parallel()
	for _, most := range []int{1, 3 * rowSize, mostInMemory} {
		totals := newTotals(most)
		for i := range 100 {
			p := &Play{Entry: model.Entry{Title: fmt.Sprint("Title ", i%7), Label: fmt.Sprint("Label ", i), ShowID: int64(i%3 + 1), ShowName: fmt.Sprint("Show ", i)}}
			if err := totals.add(p, true); err != nil {
				t.Fatal(err)
			}
		}
		var got string
		collect := func(row record) error {
			switch row := row.(type) {
			case *recording:
				got += fmt.Sprintln(row.title, row.label, row.plays)
			case *showTotal:
				got += fmt.Sprintln(row.id, row.name, row.plays)
			}
			return nil
		}
		if err := errors.Join(totals.each(PartTitles, collect), totals.each(PartShows, collect), totals.close()); err != nil {
			t.Fatal(err)
		}
		if want := "Title 0 Label 98 15\nTitle 1 Label 99 15\nTitle 2 Label 93 14\nTitle 3 Label 94 14\nTitle 4 Label 95 14\nTitle 5 Label 96 14\nTitle 6 Label 97 14\n" +
			"2 Show 97 33\n3 Show 98 33\n1 Show 99 34\n"; got != want {
			t.Errorf("%d bytes: got\n%swant\n%s", most, got, want)
		}
	}
}

// TestWrite_scratch: without room on the disk a report fails, and whatever happens,
// nothing stays there.
func TestWrite_scratch(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	m := month(t, "2020-10")
	r := of(m, many(m, 100, 100))
	r.inMemory = 1
	if err := WriteJSON(t.Context(), &bytes.Buffer{}, r); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	t.Setenv("TMPDIR", folder+"/gone")
	if err := WriteJSON(t.Context(), &bytes.Buffer{}, r); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}
