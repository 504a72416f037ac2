package config

import "testing"

func TestSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		bytes   Size
		written string
	}{
		"256MiB": {256 << 20, "256MiB"}, "1 GiB": {1 << 30, "1GiB"}, "1024MiB": {1 << 30, "1GiB"}, "3KiB": {3072, "3KiB"},
		"1000": {1000, "1000"}, "0": {0, "0"},
	} {
		var got Size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want.bytes || got.String() != want.written {
			t.Errorf("%q is %d (%s), %v", text, got, got, err)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "256MB", "1.5GiB", "9999999999GiB", "9223372036854775808"} {
		var got Size
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %d", text, got)
		}
	}
}
