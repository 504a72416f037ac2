package model

import (
	"testing"
	"time"
)

func TestActivation_Normalize(t *testing.T) {
	t.Parallel()
	local := start.Add(1999).In(time.FixedZone("", 3600))
	a := Activation{Epoch: 3, Source: 2, From: local, RecordedAt: local, By: "M.\x00Tester", Reason: "studio\nline", Pinned: true}
	a.Normalize()
	stored := start.Add(time.Microsecond)
	if want := (Activation{Epoch: 3, Source: 2, From: stored, RecordedAt: stored, By: "M. Tester", Reason: "studio line", Pinned: true}); a != want {
		t.Errorf("got  %+v\nwant %+v", a, want)
	}
	again := a
	if again.Normalize(); again != a {
		t.Errorf("becomes %+v the second time", again)
	}
}

func TestActivation_Repeats(t *testing.T) {
	t.Parallel()
	a := Activation{Epoch: 3, Source: 2, From: start, RecordedAt: start.Add(time.Second), By: "monitor", Reason: "silent"}
	again := a
	again.Epoch, again.RecordedAt, again.From = 0, start.Add(time.Minute), start.In(time.FixedZone("", 3600))
	if !again.Repeats(&a) {
		t.Errorf("%+v is not taken for %+v", again, a)
	}
}

func TestActivation_Content(t *testing.T) {
	t.Parallel()
	a := Activation{Epoch: 3, Source: 2, From: start, RecordedAt: start.Add(time.Second), By: "monitor", Reason: "silent"}
	// Computed by another program; it must never change.
	if got, want := a.Content().String(), "b5c61facdadc13ae0ad73c7443fd3c73"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	same := a
	same.Epoch, same.From = -7, start.In(time.FixedZone("", 3600))
	if same.Content() != a.Content() || a.Validate() != nil {
		t.Error("depends on what belongs to one database")
	}
	for name, change := range map[string]func(*Activation){
		"Source":     func(a *Activation) { a.Source = 1 },
		"From":       func(a *Activation) { a.From = start.Add(time.Microsecond) },
		"RecordedAt": func(a *Activation) { a.RecordedAt = start },
		"By":         func(a *Activation) { a.By = "Monitor" },
		"Reason":     func(a *Activation) { a.Reason = "" },
		"Pinned":     func(a *Activation) { a.Pinned = true },
	} {
		other := a
		change(&other)
		if other.Content() == a.Content() {
			t.Errorf("%s: another activation has the same content", name)
		}
	}
	for name, change := range map[string]func(*Activation){
		"Source":     func(a *Activation) { a.Source = 0 },
		"From":       func(a *Activation) { a.From = time.Time{} },
		"RecordedAt": func(a *Activation) { a.RecordedAt = time.Time{} },
		"By":         func(a *Activation) { a.By = "\x00" },
	} {
		other := a
		change(&other)
		if other.Validate() == nil {
			t.Errorf("%s: is taken", name)
		}
	}
}
