package lenient_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"unicode/utf8"

	"aura.radio/engine/pkg/api/lenient"
)

// FuzzRead: whatever the bytes, the result is JSON or an error, the same each
// time, and it needs no further mending. Strict JSON is never changed, also next
// to something that is mended.
func FuzzRead(f *testing.F) {
	for _, s := range []string{string(strict), "", "{}", "[]", `{"a": NaN}`, "{\"t\": \"\xf6\"}", "\ufeff{}", "\xff\xfe{\x00}\x00", `{"t": "\194\169\'\xe9\q"}`,
		`{"a": [1,],}`, "{\"t\": \"a\tb\"}", `{"t": "x`, `{"\ud800": "\udfff"}`, `{"a": -inf, "b": None}`, `{"a": {"b": "\"}`, `"\`, `{"a":1 , }`, "\x00{\x00}"} {
		f.Add([]byte(s), "")
	}
	f.Add([]byte("{\"t\": \"\x1b$B\"}"), "iso-2022-jp")
	f.Fuzz(func(t *testing.T, sent []byte, charset string) {
		before := bytes.Clone(sent)
		got, doubts, err := lenient.Read(sent, charset)
		again, doubtsAgain, errAgain := lenient.Read(sent, charset)
		if !bytes.Equal(sent, before) {
			t.Fatal("it wrote into what was sent")
		}
		if !bytes.Equal(got, again) || !reflect.DeepEqual(doubts, doubtsAgain) || (err == nil) != (errAgain == nil) {
			t.Fatalf("%q, then %q", got, again)
		}
		if utf8.Valid(sent) && json.Valid(sent) {
			if err != nil || doubts != nil || !bytes.Equal(got, sent) {
				t.Fatalf("%q became %q, %v, %v", sent, got, doubts, err)
			}
			besideMended(t, sent)
			return
		}
		if err != nil {
			if got != nil || doubts != nil {
				t.Fatalf("%q, %v and %v", got, doubts, err)
			}
			return
		}
		if len(doubts) == 0 {
			t.Fatalf("%q became %q without a doubt", sent, got)
		}
		if !json.Valid(got) || !utf8.Valid(got) {
			t.Fatalf("%q became %q", sent, got)
		}
		if mended, more, err := lenient.Read(got, ""); err != nil || more != nil || !bytes.Equal(mended, got) {
			t.Fatalf("%q became %q, then %q, %v, %v", sent, got, mended, more, err)
		}
	})
}

// besideMended puts a strict value between two that are mended.
func besideMended(t *testing.T, value []byte) {
	t.Helper()
	sent := append(append([]byte("{\"a\": NaN, \"value\": "), value...), []byte(", \"b\": \"\xf6\n\\'\",}")...)
	got, _, err := lenient.Read(sent, "")
	if err != nil {
		t.Fatalf("%q: %v", sent, err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(got, &members); err != nil {
		t.Fatalf("%q: %v", got, err)
	}
	if !bytes.Equal(members["value"], bytes.TrimSpace(value)) || string(members["a"]) != `"NaN"` || string(members["b"]) != `"ö\u000a'"` {
		t.Fatalf("%q became %q", sent, got)
	}
}
