package model

import "testing"

func TestParseFingerprint(t *testing.T) {
	t.Parallel()
	e := play()
	want := e.Fingerprint()
	if got, err := ParseFingerprint(want.String()); err != nil || got != want {
		t.Errorf("got %v, %v", got, err)
	}
	for _, s := range []string{"", "00", want.String() + "00", "x" + want.String()[1:]} {
		if _, err := ParseFingerprint(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
	if sum := want.Xor(Fingerprint{1}).Xor(want); sum != (Fingerprint{1}) {
		t.Errorf("xor twice is not the other one: %v", sum)
	}
}
