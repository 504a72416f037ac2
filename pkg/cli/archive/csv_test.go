package archive

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/model"
)

// texts are those that a spreadsheet or a format may take for something else.
var texts = rapid.OneOf(
	rapid.String(),
	rapid.SampledFrom([]string{"=1+1", "'=1+1", "''", "a;=b;'c", "-", `"`, `\`, "null", "true", "0", "[]", ",", "Größe 🎵", "\ufeff"}),
)

// TestFormats: a record is the same after it was written and read, in each format.
func TestFormats(t *testing.T) {
	t.Parallel()
	for name, f := range formats {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				records := rapid.SliceOfN(rapid.Custom(drawRecord), 0, 4).Draw(t, "records")
				var file bytes.Buffer
				w, err := f.writer(&file)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range records {
					if err := w.write(record.NewEntry(r)); err != nil {
						t.Fatal(err)
					}
				}
				if err := w.end(); err != nil {
					t.Fatal(err)
				}
				n := 0
				err = f.reader(strings.NewReader(file.String()), func(_ int, wire record.Entry, wrong error) error {
					if wrong != nil {
						return wrong
					}
					got := wire.Record()
					if n == len(records) || got.Content() != records[n].Content() || got.Entry.Fingerprint() != records[n].Entry.Fingerprint() {
						return errors.New("another record")
					}
					n++
					return nil
				})
				if err != nil || n != len(records) {
					t.Fatalf("read %d of %d, %v: %s", n, len(records), err, file.String())
				}
			})
		})
	}
}

// drawRecord draws a record with all fields that there are.
func drawRecord(t *rapid.T) (r model.Record) {
	for _, f := range model.Fields {
		switch to := f.Of(&r.Entry).(type) {
		case *string:
			*to = texts.Draw(t, f.Name())
		case *int:
			*to = rapid.IntRange(-3, 3).Draw(t, f.Name())
		case *int64:
			*to = rapid.Int64Range(0, 1<<53).Draw(t, f.Name())
		case *bool:
			*to = rapid.Bool().Draw(t, f.Name())
		case *time.Time:
			*to = drawTime(t, f.Name())
		case *time.Duration:
			*to = time.Duration(rapid.Int64Range(0, 1e9).Draw(t, f.Name())) * time.Millisecond
		case *model.Tellings:
			*to = `{"again":["2026-11-27T18:14:00.000001Z"]}`
		case *model.Doubts:
			*to = model.NewDoubts(model.NewDoubt("track_num", texts.Draw(t, "sent"), "is odd"))
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "corrections") {
		r.Corrections = append(r.Corrections, model.Correction{
			Kind: model.CorrectionAmend, At: drawTime(t, "at"), By: texts.Draw(t, "by"), Reason: texts.Draw(t, "reason"),
			Changes: model.Changes{Title: new(texts.Draw(t, "title")), Duration: new(time.Second)},
		})
	}
	r.Normalize()
	return r
}

func drawTime(t *rapid.T, name string) time.Time {
	return time.UnixMicro(rapid.Int64Range(1e15, 2e15).Draw(t, name)).UTC()
}
