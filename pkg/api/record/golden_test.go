package record_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"time"

	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/model"
)

// TestEntry_golden pins the form in which nodes of all versions exchange a
// record. The record has a value in every field.
func TestEntry_golden(t *testing.T) {
	t.Parallel()
	at := time.Date(2020, 6, 27, 17, 14, 0, 123456000, time.UTC)
	changes := model.Changes{
		TrackStart: &at, Artist: new("a"), Album: new("b"), Title: new(""), TrackNum: new(-3), TrackType: new(4), Duration: new(5 * time.Second),
		PlaylistID: new(int64(6)), TimeslotID: new(int64(7)), ShowID: new(int64(8)), ShowName: new("i"), Composer: new("j"), Label: new("k"), ISRC: new("l"),
	}
	r := model.Record{
		Entry: model.Entry{
			ID: 9, Synced: true,
			LogSource: 2, TrackStart: at, Artist: "Björk 🎧", Album: "Début", Title: "<Human> Behaviour", TrackNum: 7, TrackType: 2,
			Duration: 252500 * time.Millisecond, PlaylistID: 11, TimeslotID: 12, ShowID: 13, ShowName: "Größte Hits", Composer: "Hooper",
			Label: "One Little Indian", ISRC: "GBAAB9300001", Manual: true,
		},
		Corrections: []model.Correction{
			{ID: 3, Kind: model.CorrectionAmend, At: at.Add(time.Hour), By: "M. Tester", Reason: "typo", Changes: changes, Before: changes, Synced: true},
			{Kind: model.CorrectionVoid, At: at.Add(time.Minute), By: "M. Tester"},
		},
	}
	r.Normalize()
	golden, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(record.NewEntry(r))
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(golden, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("is sent as\n%s, was\n%s", raw, golden)
	}
	older := bytes.ReplaceAll(golden, []byte("+00:00"), []byte("Z")) // as older nodes write times
	for _, sent := range [][]byte{golden, older} {
		wire, err := record.Decode[record.Entry](sent)
		if again := wire.Record(); err != nil || again.Content() != r.Content() || again.Entry.Synced || again.Entry.ID != 0 {
			t.Errorf("%s is read as %+v, %v", sent, again, err)
		}
	}
}
