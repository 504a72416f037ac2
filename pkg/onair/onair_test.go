package onair_test

import (
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/onairtest"
)

// at is that many minutes after the begin.
func at(minutes int) time.Time { return onairtest.At(minutes) }

// always is the window that holds everything.
var always onair.Window

// plays is a record whose fingerprint is its name: "a" comes before "b".
func plays(source int, name string, start, duration int) onair.Record {
	return onair.Record{
		Fingerprint: model.Fingerprint{name[0]},
		Source:      source,
		Start:       at(start),
		Duration:    time.Duration(duration) * time.Minute,
	}
}

func activation(epoch int64, source, from int) model.Activation {
	return model.Activation{Epoch: epoch, Source: source, From: at(from)}
}

// TestDerive has every case of the package's documentation. Source 1 is the
// default, so there are activations only in cases in which they matter.
func TestDerive(t *testing.T) {
	t.Parallel()
	type records = []onair.Record
	type activations = []model.Activation
	for name, c := range map[string]struct {
		records     records
		activations activations
		want        string
	}{
		"Nothing":          {},
		"OneAfterTheOther": {records: records{plays(1, "a", 0, 3), plays(1, "b", 3, 4)}, want: "1a 0-3, 1b 3-7"},
		"Silence":          {records: records{plays(1, "a", 0, 3), plays(1, "b", 5, 4)}, want: "1a 0-3, 1b 5-9"},

		"Cut":            {records: records{plays(1, "a", 0, 9), plays(1, "b", 3, 4)}, want: "1a 0-3, 1b 3-7"},
		"CutStaysCut":    {records: records{plays(1, "a", 0, 9), plays(1, "b", 3, 1)}, want: "1a 0-3, 1b 3-4"},
		"CutUnderOthers": {records: records{plays(1, "a", 0, 9), plays(2, "b", 3, 1)}, want: "1a 0-9"},

		"TakeOverInMidTrack": {
			records:     records{plays(1, "a", 0, 9), plays(2, "b", 1, 9)},
			activations: activations{activation(1, 2, 4)},
			want:        "1a 0-4, 2b 4-10",
		},
		"SwitchBack": {
			records:     records{plays(1, "a", 0, 9), plays(2, "b", 1, 20)},
			activations: activations{activation(1, 2, 4), activation(2, 1, 6), activation(3, 2, 12)},
			want:        "1a 0-4, 2b 4-6, 1a 6-9, 2b 12-21",
		},
		"SwitchBackTooLate": {
			records:     records{plays(1, "a", 0, 5), plays(2, "b", 1, 0)},
			activations: activations{activation(1, 2, 4), activation(2, 1, 6)},
			want:        "1a 0-4, 2b 4-6",
		},
		"SwitchAtAStart": {
			records:     records{plays(1, "a", 0, 5), plays(2, "b", 0, 4), plays(2, "c", 4, 4)},
			activations: activations{activation(1, 2, 4)},
			want:        "1a 0-4, 2c 4-8",
		},
		"SwitchAtAnEnd": {
			records:     records{plays(1, "a", 0, 5), plays(2, "b", 0, 5)},
			activations: activations{activation(1, 2, 5)},
			want:        "1a 0-5",
		},

		"Gap": {
			records:     records{plays(1, "a", 0, 9), plays(2, "b", 0, 9)},
			activations: activations{activation(1, 3, 4), activation(2, 2, 6)},
			want:        "1a 0-4, 2b 6-9",
		},
		"LateActivation": {
			records:     records{plays(1, "a", 0, 9), plays(2, "b", 0, 9), plays(3, "c", 0, 9)},
			activations: activations{activation(1, 2, 6), activation(2, 3, 4)},
			want:        "1a 0-4, 3c 4-6, 2b 6-9",
		},
		"ActivationsAtOneInstant": {
			records:     records{plays(1, "a", 0, 9), plays(2, "b", 0, 9), plays(3, "c", 0, 9)},
			activations: activations{activation(2, 3, 4), activation(1, 2, 4)},
			want:        "1a 0-4, 3c 4-9",
		},
		"ThereAndBackAtOneInstant": {
			records:     records{plays(1, "a", 0, 9), plays(2, "b", 0, 9)},
			activations: activations{activation(1, 2, 4), activation(2, 1, 4)},
			want:        "1a 0-9",
		},
		"ActiveAlready": {
			records:     records{plays(1, "a", 0, 9)},
			activations: activations{activation(1, 1, 4), activation(2, 1, 6)},
			want:        "1a 0-9",
		},
		"DefaultUntilTheFirst": {
			records:     records{plays(1, "a", -1e6, 2), plays(2, "b", -1e6, 0)},
			activations: activations{activation(1, 2, 4)},
			want:        "1a -1000000--999998, 2b 4-",
		},

		"UnknownDuration":         {records: records{plays(1, "a", 0, 0), plays(1, "b", 60, 0)}, want: "1a 0-60, 1b 60-"},
		"UnknownDurationSwitched": {records: records{plays(1, "a", 0, 0)}, activations: activations{activation(1, 2, 4)}, want: "1a 0-4"},
		"RestartRepeats":          {records: records{plays(1, "a", 0, 9), plays(1, "b", 4, 9)}, want: "1a 0-4, 1b 4-13"},
		"RecordsAtOneInstant":     {records: records{plays(1, "b", 4, 1), plays(1, "a", 4, 9)}, want: "1b 4-5"},
		"FromTheFuture": {
			records:     records{plays(1, "a", 0, 0), plays(1, "b", 1e6, 0)},
			activations: activations{activation(1, 2, 2e6)},
			want:        "1a 0-1000000, 1b 1000000-2000000",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := onairtest.Text(onair.Derive(always, c.records, c.activations, 1)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestDerive_Window(t *testing.T) {
	t.Parallel()
	// What Derive asks for: all records of the window, and the last before it.
	records := []onair.Record{plays(1, "a", 0, 0), plays(2, "b", 1, 9), plays(1, "c", 4, 2)}
	activations := []model.Activation{activation(3, 2, 1), activation(4, 1, 3)}
	for name, c := range map[string]struct {
		window onair.Window
		want   string
	}{
		"CutAtItsBounds": {onair.Window{From: at(2), To: at(5)}, "2b 2-3, 1a 3-4, 1c 4-5"},
		"FromTheBegin":   {onair.Window{To: at(4)}, "1a 0-1, 2b 1-3, 1a 3-4"},
		"ToTheEnd":       {onair.Window{From: at(4)}, "1c 4-6"},
		"AfterAll":       {onair.Window{From: at(6)}, ""},
		"Empty":          {onair.Window{From: at(2), To: at(2)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := onairtest.Text(onair.Derive(c.window, records, activations, 1)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestNewRecord(t *testing.T) {
	t.Parallel()
	entry := model.Entry{ID: 7, LogSource: 2, TrackStart: at(0), Title: "Fade Into You", Duration: 4 * time.Minute}
	raw := onair.Record{Entry: 7, Fingerprint: entry.Fingerprint(), Source: 2, Start: at(0), Duration: 4 * time.Minute}

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		if got := onair.NewRecord(entry); got != raw {
			t.Errorf("got %+v, want %+v", got, raw)
		}
	})
	t.Run("Corrected", func(t *testing.T) {
		t.Parallel()
		start, duration, title := at(1), time.Minute, "Halah"
		corrected, want := entry, raw
		corrected.Overlay.Changes = model.Changes{TrackStart: &start, Duration: &duration, Title: &title}
		want.Start, want.Duration = start, duration
		if got := onair.NewRecord(corrected); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

func TestSplice(t *testing.T) {
	t.Parallel()
	segment := func(name string, from, until int) onair.Segment {
		s := onair.Segment{Fingerprint: model.Fingerprint{name[0]}, Source: 1, From: at(from)}
		if until != 0 {
			s.Until = at(until)
		}
		return s
	}
	numbered := func(entry int64, s onair.Segment) onair.Segment {
		s.Entry = entry
		return s
	}
	type segments = []onair.Segment
	for name, c := range map[string]struct {
		old         segments
		window      onair.Window
		fresh       segments
		remove, add string
	}{
		"Same":         {old: segments{segment("a", 1, 3)}, window: onair.Window{From: at(1), To: at(5)}, fresh: segments{segment("a", 1, 3)}},
		"SameWithin":   {old: segments{segment("a", 1, 0)}, window: onair.Window{From: at(2), To: at(5)}, fresh: segments{segment("a", 2, 5)}},
		"CutsTheOpen":  {old: segments{segment("a", 1, 0)}, window: onair.Window{From: at(4)}, fresh: segments{segment("b", 4, 0)}, remove: "1a 1-", add: "1a 1-4, 1b 4-"},
		"GoesOnAfter":  {old: segments{segment("a", 1, 4), segment("b", 4, 6)}, window: onair.Window{From: at(4), To: at(9)}, fresh: segments{segment("a", 4, 5)}, remove: "1a 1-4, 1b 4-6", add: "1a 1-5"},
		"BeganBefore":  {old: segments{segment("b", 2, 6), segment("a", 6, 8)}, window: onair.Window{From: at(2), To: at(6)}, fresh: segments{segment("a", 2, 6)}, remove: "1b 2-6, 1a 6-8", add: "1a 2-8"},
		"InTheMiddle":  {old: segments{segment("a", 1, 9)}, window: onair.Window{From: at(3), To: at(5)}, fresh: segments{segment("b", 3, 4)}, remove: "1a 1-9", add: "1a 1-3, 1b 3-4, 1a 5-9"},
		"StoredAnew":   {old: segments{numbered(1, segment("a", 1, 3))}, window: onair.Window{From: at(1), To: at(5)}, fresh: segments{numbered(2, segment("a", 1, 3))}, remove: "1a 1-3", add: "1a 1-3"},
		"NothingLeft":  {old: segments{segment("a", 1, 3)}, window: onair.Window{To: at(5)}, remove: "1a 1-3"},
		"OthersRemain": {old: segments{segment("c", 8, 9), segment("a", 0, 1)}, window: onair.Window{From: at(2), To: at(5)}, fresh: segments{segment("b", 3, 4)}, add: "1b 3-4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			remove, add := onair.Splice(c.old, c.window, c.fresh)
			if got := onairtest.Text(remove); got != c.remove {
				t.Errorf("removes %q, want %q", got, c.remove)
			}
			if got := onairtest.Text(add); got != c.add {
				t.Errorf("adds %q, want %q", got, c.add)
			}
		})
	}
}
