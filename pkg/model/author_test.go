package model

import "testing"

func TestAuthor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ caller, said, want, orCaller string }{
		{"mon", "The Admin", "The Admin (mon)", "The Admin (mon)"},
		{"mon", "mon", "mon", "mon"},
		{"mon", " ", "", "mon"},
		{"local", "M. Tester", "M. Tester", "M. Tester"},
		{"", "M. Tester", "M. Tester", "M. Tester"},
		{"", "", "", "local"},
	} {
		if got := Author(test.caller, test.said); got != test.want {
			t.Errorf("%q says it is %q: %q, want %q", test.caller, test.said, got, test.want)
		}
		if got := AuthorOrCaller(test.caller, test.said); got != test.orCaller {
			t.Errorf("%q says it is %q: %q or the caller, want %q", test.caller, test.said, got, test.orCaller)
		}
	}
}
