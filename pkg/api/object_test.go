package api_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"aura.radio/engine/pkg/api"
)

// FuzzObject: an object has the members that package json finds.
func FuzzObject(f *testing.F) {
	for _, text := range []string{
		`{}`, `null`, `[]`, `"{}"`, `1`, ` { "a" : 1 , "b":"x" } `, `{"a":{"b":[1,{"a":2}],"c":"}"},"d":[],"e":[{}]}`, `{"a":1,"a":2,"b":null,"a":"3"}`,
		`{"track\u005ftitle":"\"","\"":"\\","":0,"\\":-1e5}`, `{"a":",","b:":":"}`, "{\"\xf6\":1,\"\\ud800\":2}", "{\n\t\"a\"\r:\n[ ]\t}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var want map[string]json.RawMessage
		var got api.Object
		wrong, err := json.Unmarshal(text, &want), json.Unmarshal(text, &got)
		if (wrong == nil) != (err == nil) || (want == nil) != (got == nil) {
			t.Fatalf("%q: %v, %v, want %v, %v", text, got, err, want, wrong)
		}
		var again map[string]json.RawMessage
		if written, err := json.Marshal(got); err != nil || json.Unmarshal(written, &again) != nil || len(again) != len(want) {
			t.Errorf("%q: is written as %q, %v", text, written, err)
		}
		names := map[string]bool{}
		for _, m := range got {
			names[m.Name] = true
		}
		if len(names) != len(want) {
			t.Errorf("%q: has %v, want %v", text, got, want)
		}
		for name, value := range want {
			if found, ok := got.Get(name); !ok || !bytes.Equal(found, value) {
				t.Errorf("%q: %s is %s, want %s", text, name, found, value)
			}
		}
	})
}

// TestReadObject_bounds: text that is no JSON is read without harm.
func TestReadObject_bounds(t *testing.T) {
	t.Parallel()
	const text = `{"a": {"b": "\"}"}, "c":[1],"d" : "e",:1,"}`
	for from := range len(text) {
		for to := from; to <= len(text); to++ {
			for _, m := range must(api.ReadObject([]byte(text[from:to]))) {
				if len(m.Name)+len(m.Value) > to-from {
					t.Errorf("%q has %+v", text[from:to], m)
				}
			}
		}
	}
}

func must(o api.Object, _ error) api.Object { return o }
