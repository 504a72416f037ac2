package report

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
)

// TestReport_Overview: whatever was played, the sums are those of the report, and
// each play counts on the day on which it begins.
func TestReport_Overview(t *testing.T) {
	t.Parallel()
	m := month(t, "2020-10")
	rapid.Check(t, func(t *rapid.T) {
		list := plays(m).Draw(t, "plays")
		r := of(m, each(list))
		if rapid.Bool().Draw(t, "spilled") {
			r.inMemory = 1
		}
		if rapid.Bool().Draw(t, "now") {
			r.Made = m.From.Add(9 * time.Hour)
		}
		var out bytes.Buffer
		if err := WriteJSON(context.Background(), &out, r); err != nil {
			t.Fatal(err)
		}
		told := valid(t, out.Bytes())
		o, err := r.Overview(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := o.rows(), rowsOf(told); !slices.Equal(got, want) {
			t.Errorf("the overview has\n%q\nthe report\n%q", got, want)
		}
		days := map[string]int64{}
		for _, p := range told.Plays {
			if p.TrackStart.Before(r.Made) {
				days[m.Zone.In(p.TrackStart.Time).Format(time.DateOnly)]++
			}
		}
		var plays int64
		var length time.Duration
		for _, day := range o.Days {
			plays, length = plays+day.Plays, length+day.Length
			if name := m.Zone.In(day.Day).Format(time.DateOnly); day.Plays > days[name] {
				t.Errorf("%s has %d plays, want at most %d", name, day.Plays, days[name])
			}
		}
		if plays != o.All.Plays || length != o.All.Length {
			t.Errorf("the days have %d plays and %v, all %d and %v", plays, length, o.All.Plays, o.All.Length)
		}
	})
}

// rows are the sums of an overview as text, so that they can be compared.
func (o *Overview) rows() (rows []string) {
	rows = append(rows, fmt.Sprint("all ", o.All.Plays, millis(o.All.Length), o.HoleCount, millis(o.HoleLength), o.WithoutArtist, o.Estimated))
	for _, kind := range []struct {
		name string
		sums []Sum
	}{{"show", o.Shows}, {"type", o.Types}, {"recording", o.Recordings}} {
		for _, s := range kind.sums {
			rows = append(rows, fmt.Sprint(kind.name, s.Type, s.Artist, "|", s.Name, "|", s.Plays, millis(s.Length)))
		}
	}
	slices.Sort(rows)
	return rows
}

// rowsOf are the same sums of a report.
func rowsOf(r api.Report) (rows []string) {
	seconds := func(s float64) int64 { return int64(math.Round(s * 1000)) }
	rows = append(rows, fmt.Sprint("all ", r.Summary.Plays, seconds(r.Summary.Seconds), r.Summary.Holes, seconds(r.Summary.HoleSeconds), r.Summary.WithoutArtist, r.Summary.Estimated))
	for _, s := range r.Totals.Shows {
		rows = append(rows, fmt.Sprint("show", 0, "|", s.ShowName, "|", s.Plays, seconds(s.Seconds)))
	}
	for _, s := range r.Totals.Types {
		rows = append(rows, fmt.Sprint("type", s.TrackType, "|", "|", s.Plays, seconds(s.Seconds)))
	}
	for _, s := range r.Totals.Titles {
		rows = append(rows, fmt.Sprint("recording", 0, s.TrackArtist, "|", s.TrackTitle, "|", s.Plays, seconds(s.Seconds)))
	}
	slices.Sort(rows)
	return rows
}

// millis is a length in milliseconds.
func millis(d time.Duration) int64 { return d.Milliseconds() }

// TestReport_Overview_first: of many, the first are listed, in order, and all are
// counted. Doubts are counted.
func TestReport_Overview_first(t *testing.T) {
	t.Parallel()
	m := month(t, "2020-10")
	var list []Play
	for i := range 3 * MostListed {
		from := m.From.Add(time.Duration(i) * 2 * time.Hour)
		p := Play{From: from, Until: from.Add(time.Duration(i+1) * time.Second), Entry: model.Entry{
			Title: fmt.Sprint("title ", i%(2*MostListed)), ShowName: fmt.Sprint("show ", i), TrackStart: from,
		}}
		if i%3 == 0 {
			p.Entry.Doubts = model.NewDoubts(model.Doubt{Field: "track_num"})
		}
		list = append(list, p)
	}
	r := of(m, each(list))
	r.Purges = model.Purges{{}}
	o, err := r.Overview(t.Context())
	if err != nil || o.Purged != r.Purges[0].What() {
		t.Fatal(o, err)
	}
	if o.ShowCount != 3*MostListed || o.RecordingCount != 2*MostListed || o.Doubtful != MostListed || o.HoleCount < 3*MostListed-1 {
		t.Errorf("counts %+v", o)
	}
	if len(o.Shows) != MostListed || len(o.Recordings) != MostListed || len(o.Holes) != MostListed {
		t.Errorf("lists %d shows, %d recordings, %d holes", len(o.Shows), len(o.Recordings), len(o.Holes))
	}
	if !slices.IsSortedFunc(o.Shows, func(a, b Sum) int { return cmp.Compare(b.Length, a.Length) }) || o.Shows[0].Name != "show 299" {
		t.Errorf("shows begin with %+v", o.Shows[0])
	}
	if o.Recordings[0].Plays != 2 || o.Recordings[MostListed-1].Plays != 2 {
		t.Errorf("recordings from %+v to %+v", o.Recordings[0], o.Recordings[MostListed-1])
	}
	if h := o.Holes[0]; !h.From.Equal(list[0].Until) || h.Before.Entry.Title != "title 0" || h.After.Entry.Title != "title 1" {
		t.Errorf("the first hole is %+v", h)
	}
}

// TestReport_Overview_empty: a period of which nothing is there yet.
func TestReport_Overview_empty(t *testing.T) {
	t.Parallel()
	r := of(month(t, "2030-10"), each(nil))
	o, err := r.Overview(t.Context())
	if err != nil || len(o.Days) != 0 || o.All.Plays != 0 {
		t.Errorf("%+v, %v", o, err)
	}
	r = of(month(t, "2020-10"), each(nil))
	if o, err = r.Overview(t.Context()); err != nil || len(o.Days) != 31 || !o.Days[25].Day.Equal(o.Days[24].Day.Add(25*time.Hour)) {
		t.Errorf("%+v, %v", o, err)
	}
}

// TestReport_Overview_memory: an overview needs no more memory than a report, however
// many recordings there are. It does not run in parallel, because it measures the heap
// of the whole process.
func TestReport_Overview_memory(t *testing.T) {
	m := month(t, "2020-10")
	const n, most = 60_000, 8 << 20 // as TestWrite_memory
	began := time.Now()
	got := heapGrowth(t, n, n, func(_ io.Writer, p Plays) error {
		r := torn(m, p)
		_, err := r.Overview(t.Context())
		return err
	}, m)
	t.Logf("%d plays took %d KiB and %v", n, got>>10, time.Since(began))
	if got > most {
		t.Errorf("%d plays took %d KiB, want at most %d", n, got>>10, most>>10)
	}
}
