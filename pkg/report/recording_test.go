package report

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
)

func TestISRC(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ATX012000001": known, "AT-X01-20-00001": known, " at x01 20 00001": known, "": "", "-": "", "ATX01200000": "", "ATX0120000011": "",
		"1TX012000001": "", "ATX0120000O1": "", "ATX_12000001": "", "ÄTX01200001": "",
	} {
		if got := isrc(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestReport_titles(t *testing.T) {
	t.Parallel()
	m := month(t, "2020-10")
	start := m.From
	play := func(e model.Entry) Play {
		start = start.Add(time.Minute)
		e.LogSource, e.TrackStart = 1, start
		return Play{Entry: e, From: start, Until: start.Add(time.Minute)}
	}
	rows := table(t, of(m, each([]Play{
		play(model.Entry{Artist: "Björk", Title: "Jóga", Album: "Homogenic", ISRC: "AT-X01-20-00001", Label: "One"}),
		play(model.Entry{Artist: "Bjork", Title: "Joga", Album: "A Sampler", ISRC: "atx012000001", Composer: "B. G."}),
		play(model.Entry{Artist: "Bjork", Title: "Joga", Album: "A Sampler"}),
		play(model.Entry{Artist: "Bjork", Title: "Joga", Album: "A Sampler", ISRC: "to be found"}),
		play(model.Entry{Artist: "Bjork", Title: "Joga", Album: "Live", Label: "Two"}),
	})), PartTitles)
	var got []string
	for _, row := range rows[1:] {
		got = append(got, strings.Join(row, ","))
	}
	want := []string{
		"Bjork,Joga,2,120,A Sampler,One,ATX012000001,B. G.",
		"Bjork,Joga,2,120,A Sampler,,to be found,",
		"Bjork,Joga,1,60,Live,Two,,",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What goes on after a switch of the source is one play.
func TestReport_switch(t *testing.T) {
	t.Parallel()
	m := month(t, "2020-10")
	at := func(minutes int) time.Time { return m.From.Add(time.Duration(minutes) * time.Minute) }
	song := model.Entry{ID: 1, LogSource: 1, TrackStart: at(0), Artist: "a", Title: "b"}
	copied := model.Entry{ID: 2, LogSource: 2, TrackStart: at(0).Add(3 * time.Second), Artist: "a", Title: "b"}
	again := model.Entry{ID: 3, LogSource: 2, TrackStart: at(2), Artist: "a", Title: "b"}
	other := model.Entry{ID: 4, LogSource: 2, TrackStart: at(1), Artist: "a", Title: "c"}
	show := model.Entry{ID: 5, LogSource: 1, TrackStart: at(0), TrackType: model.TrackTypeLine, ShowID: 5}
	sameShow := model.Entry{ID: 6, LogSource: 2, TrackStart: at(1), TrackType: model.TrackTypeLine, ShowID: 5}
	otherShow := model.Entry{ID: 7, LogSource: 2, TrackStart: at(1), TrackType: model.TrackTypeLine, ShowName: "x"}
	aired := func(e model.Entry, from, until int) Play { return Play{Entry: e, From: at(from), Until: at(until)} }
	for name, c := range map[string]struct {
		plays []Play
		want  string // plays and seconds
	}{
		"SameEntry":   {[]Play{aired(song, 0, 2), aired(song, 2, 5)}, "1 300"},
		"Copy":        {[]Play{aired(song, 0, 2), aired(copied, 2, 5)}, "1 300"},
		"AndBack":     {[]Play{aired(song, 0, 2), aired(copied, 2, 3), aired(song, 3, 5)}, "1 300"},
		"PlayedAgain": {[]Play{aired(song, 0, 2), aired(again, 2, 5)}, "2 300"},
		"Apart":       {[]Play{aired(song, 0, 2), aired(song, 3, 5)}, "2 240"},
		"Between":     {[]Play{aired(song, 0, 2), aired(other, 2, 3), aired(song, 3, 5)}, "3 300"},
		"ToCome":      {[]Play{{Entry: other, From: now, Until: now}}, "0 0"},
		"Other":       {[]Play{aired(song, 0, 2), aired(other, 2, 5)}, "2 300"},
		"Show":        {[]Play{aired(show, 0, 2), aired(sameShow, 2, 5)}, "1 300"},
		"OtherShow":   {[]Play{aired(show, 0, 2), aired(otherShow, 2, 5)}, "2 300"},
		// The play belongs to the period in which it starts.
		"OverTheStart": {[]Play{aired(model.Entry{ID: 1, TrackStart: at(-2), Title: "b"}, -2, 0), aired(model.Entry{ID: 1, TrackStart: at(-2), Title: "b"}, 0, 2)}, "0 120"},
	} {
		r := of(m, each(c.plays))
		got, err := r.tally(t.Context(), func(*Play) error { return nil })
		if err != nil || fmt.Sprint(got.summary.all.plays, got.summary.all.audible.Seconds()) != c.want {
			t.Errorf("%s: %+v, %v, want %s", name, got.summary.all, err, c.want)
			continue
		}
		sums := map[Part]total{}
		err = errors.Join(
			got.recordings.each(func(row record) error {
				sums[PartTitles] = sums[PartTitles].plus(row.(*recording).total)
				return nil
			}),
			got.shows.each(func(row record) error {
				sums[PartShows] = sums[PartShows].plus(row.(*showTotal).total)
				return nil
			}),
			got.close(),
		)
		if err != nil {
			t.Error(err)
		}
		for part, sum := range sums {
			if sum != got.summary.all {
				t.Errorf("%s: %s add up to %+v, want %+v", name, part, sum, got.summary.all)
			}
		}
	}
}

func (t total) plus(other total) total {
	t.merge(other)
	return t
}

// An estimate of the on-air log is told.
func TestReport_estimated(t *testing.T) {
	t.Parallel()
	m := month(t, "2020-10")
	e := model.Entry{LogSource: 1, TrackStart: m.From, Title: "a", Air: &model.Airing{From: m.From, Until: m.From.Add(time.Minute), Estimated: true}}
	told := model.Entry{LogSource: 1, TrackStart: m.From.Add(time.Minute), Title: "a", Air: &model.Airing{From: m.From.Add(time.Minute), Until: m.From.Add(2 * time.Minute)}}
	r := of(m, FromOnAir(onAirLog{e, told}, m, now))
	rows := table(t, r, PartPlays)
	last := len(rows[0]) - 1
	if rows[0][last] != "estimated" || rows[1][last] != "true" || rows[2][last] != "" {
		t.Errorf("got %q", rows)
	}
	if row := table(t, r, PartSummary)[1]; row[5] != "1" || !strings.HasSuffix(row[6], "; 1 entry of estimated length") {
		t.Errorf("the summary is %q", row)
	}
}
