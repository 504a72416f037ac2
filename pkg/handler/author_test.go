package handler

import (
	"errors"
	"testing"

	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
)

func TestAuthor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ caller, said, want string }{
		{"mon", "The Admin", "The Admin (mon)"},
		{"mon", "mon", "mon"},
		{"mon", " ", ""},
		{"local", "M. Tester", "M. Tester"},
		{"", "M. Tester", "M. Tester"},
	} {
		if got := author(httpserver.Identity{Name: test.caller}, test.said); got != test.want {
			t.Errorf("%q says it is %q: %q, want %q", test.caller, test.said, got, test.want)
		}
	}
}

func TestWish_Admit_Pinned(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	pinned := model.Activation{Epoch: 3, Source: 1, Pinned: true}
	for _, test := range []struct {
		name       string
		pin        *bool
		mayRelease bool
		refused    bool
	}{
		{"Plain", nil, true, true},
		{"Release", &no, true, false},
		{"PinOther", &yes, true, false},
		{"MonitorReleases", &no, false, true},
		{"MonitorPins", &yes, false, true},
	} {
		w := wish{Activation: model.Activation{Source: 2}, pin: test.pin, mayRelease: test.mayRelease}
		if err := w.admit(pinned); errors.Is(err, model.ErrPinned) != test.refused {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
