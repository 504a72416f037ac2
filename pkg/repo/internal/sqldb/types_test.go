package sqldb

import (
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2020, 6, 27, 19, 14, 0, 1000, time.FixedZone("", 2*3600))
	text, err := At(at).Value()
	if want := "2020-06-27 17:14:00.000001"; err != nil || text != want {
		t.Fatalf("%v, %v, want %s", text, err, want)
	}
	for _, from := range []any{text, []byte(text.(string))} {
		var got Time
		if err := got.Scan(from); err != nil || !got.Equal(at) {
			t.Errorf("%v, %v, want %s", got, err, at)
		}
	}
	for _, from := range []any{nil, at, "yesterday"} {
		if err := new(Time).Scan(from); err == nil {
			t.Errorf("%v was taken for a time", from)
		}
	}
	for _, from := range []any{nil, "0123456789abcdef", []byte("short")} {
		if err := new(UID).Scan(from); err == nil {
			t.Errorf("%v was taken for a fingerprint", from)
		}
	}
}
