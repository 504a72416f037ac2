package model_test

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
)

// TestGolden pins every hash that databases keep, and the form of everything
// that they keep as JSON. The lines of testdata/golden.txt were computed before
// the fields of an entry were in one table. They must never change, because
// databases in the field and nodes of two versions must agree. Lines may be
// added.
func TestGolden(t *testing.T) {
	t.Parallel()
	want := goldenLines(t)
	got := goldenValues(t)
	for name, value := range got {
		switch old, ok := want[name]; {
		case !ok:
			t.Errorf("%s is not pinned; add: %s %s", name, name, value)
		case value != old:
			t.Errorf("%s is %s, was %s", name, value, old)
		}
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is pinned, but nothing computes it", name)
		}
	}
}

func goldenLines(t *testing.T) map[string]string {
	file, err := os.Open("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := map[string]string{}
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		name, value, _ := strings.Cut(scanner.Text(), " ")
		lines[name] = value
	}
	return lines
}

func goldenValues(t *testing.T) map[string]string {
	values := map[string]string{}
	put := func(name string, f model.Fingerprint) { values[name] = f.String() }
	putRecord := func(name string, r model.Record) {
		r.Normalize()
		put("fingerprint/"+name, r.Entry.Fingerprint())
		content := r.Content()
		put("content/"+name, content.Base)
		if content.Supplement != (model.Fingerprint{}) {
			put("supplement/"+name, content.Supplement)
		}
	}
	for name, e := range goldenEntries() {
		putRecord(name, model.Record{Entry: e})
	}
	for name, c := range goldenCorrections() {
		r := model.Record{Entry: goldenEntry(), Corrections: []model.Correction{c}}
		putRecord("corrected/"+name, r)
		r.Normalize()
		put("correction/"+name, r.Corrections[0].UID())
		overlay, err := json.Marshal(r.Entry.Overlay)
		if err != nil {
			t.Fatal(err)
		}
		values["overlay/"+name] = string(overlay)
	}
	all := model.Record{Entry: goldenEntry()}
	for _, name := range []string{"everything", "nothing-known", "void", "log", "void"} {
		all.Corrections = append(all.Corrections, goldenCorrections()[name])
	}
	putRecord("corrected/by-all", all)
	for name, h := range goldenHealths() {
		put("health/"+name, h.UID())
	}
	for name, a := range goldenActivations() {
		put("activation/"+name, a.Content())
	}
	return values
}

var goldenStart = time.Date(2020, 6, 27, 17, 14, 0, 123456000, time.UTC)

// goldenEntry is an entry with every value known.
func goldenEntry() model.Entry {
	return model.Entry{
		LogSource: 2, TrackStart: goldenStart, Artist: "Björk 🎧", Album: "Début", Title: "Human Behaviour", TrackNum: 7, TrackType: model.TrackTypeLine,
		Duration: 252500 * time.Millisecond, PlaylistID: 11, TimeslotID: 12, ShowID: 13, ShowName: "Größte Hits", Composer: "Hooper",
		Label: "One Little Indian", ISRC: "GBAAB9300001",
	}
}

// goldenEntries are entries with one known value each, and odd entries.
func goldenEntries() map[string]model.Entry {
	least := func(change func(*model.Entry)) model.Entry {
		e := model.Entry{LogSource: 1, TrackStart: goldenStart}
		change(&e)
		return e
	}
	long := strings.Repeat("ä", model.MaxText+1)
	return map[string]model.Entry{
		"zero":      {},
		"least":     least(func(*model.Entry) {}),
		"source":    least(func(e *model.Entry) { e.LogSource = math.MaxInt32 }),
		"start":     least(func(e *model.Entry) { e.TrackStart = time.UnixMicro(-1) }),
		"zone":      least(func(e *model.Entry) { e.TrackStart = goldenStart.Add(999).In(time.FixedZone("", 7200)) }),
		"artist":    least(func(e *model.Entry) { e.Artist = "Mazzie Star" }),
		"album":     least(func(e *model.Entry) { e.Album = "Mazzie Star" }),
		"title":     least(func(e *model.Entry) { e.Title = "Mazzie Star" }),
		"num":       least(func(e *model.Entry) { e.TrackNum = -1 }),
		"type":      least(func(e *model.Entry) { e.TrackType = math.MinInt32 }),
		"duration":  least(func(e *model.Entry) { e.Duration = 1500 * time.Millisecond }),
		"rounded":   least(func(e *model.Entry) { e.Duration = 1500*time.Millisecond + 400*time.Microsecond }),
		"playlist":  least(func(e *model.Entry) { e.PlaylistID = 1 }),
		"timeslot":  least(func(e *model.Entry) { e.TimeslotID = 1 }),
		"show":      least(func(e *model.Entry) { e.ShowID = math.MaxInt64 }),
		"no-show":   least(func(e *model.Entry) { e.ShowID = -1 }),
		"show-name": least(func(e *model.Entry) { e.ShowName = "a" }),
		"composer":  least(func(e *model.Entry) { e.Composer = "a" }),
		"label":     least(func(e *model.Entry) { e.Label = "a" }),
		"isrc":      least(func(e *model.Entry) { e.ISRC = "a" }),
		"manual":    least(func(e *model.Entry) { e.Manual = true }),
		"own":       least(func(e *model.Entry) { e.ID, e.Synced, e.Air = 5, true, &model.Airing{From: goldenStart} }),
		"controls":  least(func(e *model.Entry) { e.Artist, e.Title = "a\x00b\xff", "a\r\nb" }),
		"long":      least(func(e *model.Entry) { e.Artist, e.Album, e.Title, e.ShowName, e.Label = long, long, long, long, long }),
		"untitled": least(func(e *model.Entry) {
			e.ShowID, e.ShowName, e.TimeslotID, e.MediaID = 13, "Größte Hits", 12, 501
			e.Distinguish()
		}),
		"fallback":    least(func(e *model.Entry) { e.ShowName = "Fallback"; e.Distinguish() }),
		"everything":  goldenEntry(),
		"everything2": {LogSource: 3, TrackStart: goldenStart, Duration: time.Hour, Manual: true, Artist: "a", ISRC: "b", ShowID: 4},
	}
}

// goldenCorrections change one field each, all, or none.
func goldenCorrections() map[string]model.Correction {
	made := func(kind string, changes model.Changes) model.Correction {
		return model.Correction{
			Kind: kind, At: goldenStart.Add(time.Hour), By: "M. Tester", Reason: "Größe\nwas wrong", Changes: changes, Before: model.Changes{Title: new("x")},
		}
	}
	amend := func(changes model.Changes) model.Correction { return made(model.CorrectionAmend, changes) }
	return map[string]model.Correction{
		"void":     made(model.CorrectionVoid, model.Changes{}),
		"restore":  made(model.CorrectionRestore, model.Changes{}),
		"log":      made(model.CorrectionLog, model.Changes{}),
		"start":    amend(model.Changes{TrackStart: new(goldenStart.Add(time.Minute))}),
		"artist":   amend(model.Changes{Artist: new("a")}),
		"album":    amend(model.Changes{Album: new("a")}),
		"title":    amend(model.Changes{Title: new("a")}),
		"num":      amend(model.Changes{TrackNum: new(3)}),
		"type":     amend(model.Changes{TrackType: new(3)}),
		"duration": amend(model.Changes{Duration: new(3 * time.Second)}),
		"playlist": amend(model.Changes{PlaylistID: new(int64(3))}),
		"timeslot": amend(model.Changes{TimeslotID: new(int64(3))}),
		"show":     amend(model.Changes{ShowID: new(int64(3))}),
		"name":     amend(model.Changes{ShowName: new("a")}),
		"composer": amend(model.Changes{Composer: new("a")}),
		"label":    amend(model.Changes{Label: new("a")}),
		"isrc":     amend(model.Changes{ISRC: new("a")}),
		"everything": amend(model.Changes{
			TrackStart: new(goldenStart.Add(time.Minute)), Artist: new("a"), Album: new("b"), Title: new("c"), TrackNum: new(-3), TrackType: new(4),
			Duration: new(5 * time.Second), PlaylistID: new(int64(6)), TimeslotID: new(int64(7)), ShowID: new(int64(8)), ShowName: new("i"),
			Composer: new("j"), Label: new("k"), ISRC: new("l"),
		}),
		"nothing-known": amend(model.Changes{
			Artist: new(""), Album: new(""), Title: new(""), TrackNum: new(0), TrackType: new(0), Duration: new(time.Duration(0)),
			PlaylistID: new(int64(0)), TimeslotID: new(int64(-1)), ShowID: new(int64(0)), ShowName: new(""), Composer: new(""), Label: new(""), ISRC: new(""),
		}),
	}
}

func goldenHealths() map[string]model.Health {
	return map[string]model.Health{
		"well": {Source: 1, LogTime: goldenStart, Healthy: true},
		"sick": {Source: 2, LogTime: goldenStart, Details: `{"lqs": {"active": false}}` + " ü\n"},
	}
}

func goldenActivations() map[string]model.Activation {
	return map[string]model.Activation{
		"plain":  {Source: 1, From: goldenStart, RecordedAt: goldenStart},
		"pinned": {Epoch: 9, Source: 2, From: goldenStart, RecordedAt: goldenStart.Add(time.Second), By: "M. Tester", Reason: "größer", Pinned: true},
	}
}
