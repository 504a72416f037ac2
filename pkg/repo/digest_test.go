package repo_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

var spans = []model.Span{model.SpanMonth, model.SpanDay, model.SpanHour}

// bucketStart is the start of a bucket, by the calendar of UTC.
func bucketStart(at time.Time, span model.Span) time.Time {
	y, m, d := at.Date()
	switch span {
	case model.SpanMonth:
		return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
	case model.SpanDay:
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(y, m, d, at.Hour(), 0, 0, 0, time.UTC)
}

// item is what a digest sees of a record.
type item struct {
	source  int
	at      time.Time
	content model.Content
}

// digests is what Digests promises, computed without a database.
func digests(items []item, q model.DigestQuery) []model.Digest {
	buckets := map[time.Time]model.Digest{}
	for _, i := range items {
		if i.source != q.Source || i.at.Before(q.From) || !q.To.IsZero() && !i.at.Before(q.To) {
			continue
		}
		from := bucketStart(i.at, q.Span)
		d := buckets[from]
		buckets[from] = model.Digest{From: from, Count: d.Count + 1, Sum: d.Sum.Xor(i.content)}
	}
	all := []model.Digest{}
	for _, d := range buckets {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b model.Digest) int { return a.From.Compare(b.From) })
	return all
}

func digestsOf(records []model.Record, q model.DigestQuery) []model.Digest {
	items := make([]item, len(records))
	for i, r := range records {
		items[i] = item{r.Entry.LogSource, r.Entry.PlayedAt(), r.Content()}
	}
	return digests(items, q)
}

// moments are the bounds of days and months, in UTC and for a station. The
// station's clocks were set back at one of them.
var moments = []time.Time{
	time.Date(2020, 2, 29, 23, 59, 59, 999999000, time.UTC),
	time.Date(2020, 3, 1, 0, 0, 0, 0, time.UTC),
	time.Date(2020, 10, 25, 0, 0, 0, 0, time.UTC),
	time.Date(2020, 10, 25, 0, 59, 59, 999999000, time.UTC),
	time.Date(2020, 10, 25, 1, 0, 0, 0, time.UTC),
	time.Date(2020, 10, 31, 23, 30, 0, 0, time.UTC),
	time.Date(2020, 12, 31, 23, 59, 59, 999999000, time.UTC),
	time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC),
}

// randomMoment is near one of the moments, and often exactly there.
func randomMoment(r *rand.Rand) time.Time {
	at := moments[r.IntN(len(moments))]
	switch r.IntN(3) {
	case 0:
		return at.Add(time.Duration(r.IntN(5)-2) * time.Microsecond)
	case 1:
		return at.Add(time.Duration(r.IntN(100)-50) * time.Minute)
	}
	return at
}

// randomBound may also lie between two microseconds, be in any zone, or be
// open.
func randomBound(r *rand.Rand) time.Time {
	if r.IntN(4) == 0 {
		return time.Time{}
	}
	return randomMoment(r).Add(time.Duration(r.IntN(3)) * 500 * time.Nanosecond).In(time.FixedZone("", 3600*(r.IntN(24)-12)))
}

func TestDB_Digests(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		r := seeded(t)()
		var records []model.Record
		var statuses []item
		for i := range 300 {
			record := model.Record{Entry: model.Entry{LogSource: 1 + r.IntN(2), TrackStart: randomMoment(r), TrackNum: i, Manual: r.IntN(5) == 0}}
			switch r.IntN(5) {
			case 0:
				record.Corrections = []model.Correction{{Kind: model.CorrectionVoid, At: noon, By: "alice"}}
			case 1: // the record counts at the time it was played
				record.Corrections = []model.Correction{{Kind: model.CorrectionAmend, At: noon, By: "alice", Changes: model.Changes{TrackStart: new(randomMoment(r))}}}
			}
			record.Normalize()
			records = append(records, record)
		}
		if _, err := db.Absorb(t.Context(), records, false); err != nil {
			t.Fatal(err)
		}
		var healths []model.Health
		for i := range 100 {
			h := model.Health{Source: 1 + r.IntN(2), LogTime: randomMoment(r), Details: fmt.Sprint(i)}
			healths = append(healths, h)
			statuses = append(statuses, item{h.Source, h.LogTime, model.Content{Base: h.UID()}})
		}
		if err := db.AbsorbHealths(t.Context(), healths, false); err != nil {
			t.Fatal(err)
		}
		for range 200 {
			q := model.DigestQuery{
				Kind: model.KindEntry, Source: 1 + r.IntN(3), Span: spans[r.IntN(len(spans))],
				From: randomBound(r), To: randomBound(r),
			}
			want := digestsOf(records, q)
			if r.IntN(2) == 0 {
				q.Kind = model.KindHealth
				want = digests(statuses, q)
			}
			perPage := 1 + r.IntN(400)
			if got, err := db.DigestsByPage(t.Context(), q, perPage); err != nil || !slices.Equal(got, want) {
				t.Fatalf("%+v, %d at once:\n%v, %v, want\n%v", q, perPage, got, err, want)
			}
		}
		for _, q := range []model.DigestQuery{
			{Kind: model.KindEntry, Source: 1, Span: "week"},
			{Kind: "clocks", Source: 1, Span: model.SpanDay},
		} {
			if _, err := db.Digests(t.Context(), q); !errors.As(err, new(*model.InvalidError)) {
				t.Errorf("%+v: error %v", q, err)
			}
		}
	})
}

// TestDB_content: a caller that needs a content which an older program left
// unknown computes it, once and for all.
func TestDB_content(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		raw := rawSQL(t, kind, url)
		unknown := func() string {
			return query(t, raw, "SELECT COUNT(*) AS n FROM playlog WHERE content IS NULL")[0]["n"]
		}
		hour := model.DigestQuery{Kind: model.KindEntry, Source: 1, Span: model.SpanHour}
		for i, test := range []struct {
			name string
			read func() error
		}{
			{"Digests", func() error { _, err := db.Digests(t.Context(), hour); return err }},
			{"Unsynced", func() error { _, err := db.Unsynced(t.Context(), 10); return err }},
			{"Records", func() error { _, _, err := db.Records(t.Context(), model.RecordQuery{Source: 1}); return err }},
			{"Absorb", func() error {
				records, _, err := db.Records(t.Context(), model.RecordQuery{Source: 1})
				if err == nil {
					execSQL(t, raw, "UPDATE playlog SET content = NULL")
					_, err = db.Absorb(t.Context(), records, false)
				}
				return err
			}},
			{"Absorb/Wrong", func() error {
				records, _, err := db.Records(t.Context(), model.RecordQuery{Source: 1})
				if err == nil {
					execSQL(t, raw, "UPDATE playlog SET content = X'00000000000000000000000000000000'")
					_, err = db.Absorb(t.Context(), records, false)
				}
				return err
			}},
		} {
			t.Run(test.name, func(t *testing.T) {
				plainEntry, corrected := entry(i, "plain"), entry(i, "corrected")
				store(t, db, plainEntry, corrected)
				id := find(t, db, model.EntryQuery{Limit: 1})[0].ID
				correct(t, db, id, amend(i, "b"))
				plainEntry.ShowName, corrected.ShowName = "Morning Show", "Morning Show"
				store(t, db, plainEntry, corrected)
				// As a program of an older version leaves it after a merge.
				execSQL(t, raw, "UPDATE playlog SET content = NULL WHERE track_start = '"+plainEntry.TrackStart.Format("2006-01-02 15:04:05.000000")+"'")
				if n := unknown(); n != "2" {
					t.Fatalf("%s contents are unknown, want both", n)
				}
				if err := test.read(); err != nil {
					t.Fatal(err)
				}
				if n := unknown(); n != "0" {
					t.Errorf("%s contents are unknown still", n)
				}
				records, _, err := db.Records(t.Context(), model.RecordQuery{Source: 1})
				if err != nil || len(records) != 2*(i+1) {
					t.Fatalf("%v, %v", records, err)
				}
				got, err := db.Digests(t.Context(), hour)
				if want := digestsOf(records, hour); err != nil || !slices.Equal(got, want) {
					t.Errorf("digests %v, %v, want %v", got, err, want)
				}
			})
		}
	})
}
