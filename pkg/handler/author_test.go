package handler

import (
	"testing"

	"aura.radio/engine/pkg/httpserver"
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
