package loose

import (
	"encoding/json"
	"math"
	"testing"
)

func TestInteger(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		for in, want := range map[string]int64{
			`42`: 42, `-42`: -42, `0`: 0, `-0`: 0, `42.0`: 42, `4.2e1`: 42, `"42"`: 42, `" 42 "`: 42, `"42.0"`: 42, `"+42"`: 42, `"0042"`: 42,
			`9223372036854775807`: math.MaxInt64, `"-9223372036854775808"`: math.MinInt64, `9007199254740991.0`: 1<<53 - 1, ` 7 `: 7,
		} {
			var got Integer
			if err := json.Unmarshal([]byte(in), &got); err != nil || got != (Integer{Value: want, Known: true}) {
				t.Errorf("%s: got %+v, %v, want %d", in, got, err, want)
			}
		}
	})

	t.Run("Unknown", func(t *testing.T) {
		t.Parallel()
		for _, in := range []string{`null`, `""`, `"  "`} {
			got := Integer{Value: 1, Known: true}
			if err := json.Unmarshal([]byte(in), &got); err != nil || got != (Integer{}) {
				t.Errorf("%s: got %+v, %v", in, got, err)
			}
		}
		var fields struct{ N Integer }
		if err := json.Unmarshal([]byte(`{}`), &fields); err != nil || fields.N.Known {
			t.Errorf("nothing at all: got %+v, %v", fields, err)
		}
	})

	t.Run("ErrNoInteger", func(t *testing.T) {
		t.Parallel()
		for _, in := range []string{
			`4.2`, `"4,2"`, `"four"`, `"42 s"`, `true`, `{}`, `[42]`, `"NaN"`, `"Inf"`, `1e300`, `1e400`, `"0x2a"`, `"0x1p4"`, `"4_2"`,
			`9223372036854775808`, `9007199254740993.0`, // both would become another number
		} {
			var got Integer
			if err := json.Unmarshal([]byte(in), &got); err == nil || got.Known {
				t.Errorf("%s is read as %+v", in, got)
			}
		}
	})

	t.Run("MarshalJSON", func(t *testing.T) {
		t.Parallel()
		for want, v := range map[string]Integer{"null": {}, "0": {Known: true}, "-42": {Value: -42, Known: true}} {
			if got, err := json.Marshal(v); string(got) != want || err != nil {
				t.Errorf("%+v: got %s, %v, want %s", v, got, err, want)
			}
		}
	})
}

func TestNumber(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		for in, want := range map[string]float64{
			`263`: 263, `263.5`: 263.5, `"263.5"`: 263.5, `-1e-3`: -0.001, `"  1 "`: 1, `0`: 0, `".5"`: 0.5, `1e-400`: 0,
		} {
			var got Number
			if err := json.Unmarshal([]byte(in), &got); err != nil || got != (Number{Value: want, Known: true}) {
				t.Errorf("%s: got %+v, %v, want %v", in, got, err, want)
			}
		}
	})

	t.Run("Unknown", func(t *testing.T) {
		t.Parallel()
		for _, in := range []string{`null`, `""`, `" "`} {
			got := Number{Value: 1, Known: true}
			if err := json.Unmarshal([]byte(in), &got); err != nil || got != (Number{}) {
				t.Errorf("%s: got %+v, %v", in, got, err)
			}
		}
	})

	t.Run("ErrNoNumber", func(t *testing.T) {
		t.Parallel()
		for _, in := range []string{`"NaN"`, `"Infinity"`, `"-inf"`, `1e400`, `"0x1p4"`, `"4:23"`, `"4,5"`, `true`, `{}`, `[]`} {
			var got Number
			if err := json.Unmarshal([]byte(in), &got); err == nil || got.Known {
				t.Errorf("%s is read as %+v", in, got)
			}
		}
	})

	t.Run("MarshalJSON", func(t *testing.T) {
		t.Parallel()
		for want, v := range map[string]Number{"null": {}, "0": {Known: true}, "263.5": {Value: 263.5, Known: true}} {
			if got, err := json.Marshal(v); string(got) != want || err != nil {
				t.Errorf("%+v: got %s, %v, want %s", v, got, err, want)
			}
		}
	})
}

func TestText(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		for in, want := range map[string]Text{
			`"Mazzie Star"`: "Mazzie Star", `""`: "", `null`: "", `1979`: "1979", `7.50`: "7.50", `" blanks "`: " blanks ",
			`"null"`: "null", `"\u0000\ud83c\udfa7"`: "\x00🎧", `"\ud83c"`: "\ufffd",
		} {
			got := Text("before")
			if err := json.Unmarshal([]byte(in), &got); err != nil || got != want {
				t.Errorf("%s: got %q, %v, want %q", in, got, err, want)
			}
		}
	})

	t.Run("ErrNoText", func(t *testing.T) {
		t.Parallel()
		for _, in := range []string{`{}`, `["a"]`, `{"a": 1}`} {
			var got Text
			if err := json.Unmarshal([]byte(in), &got); err == nil || got != "" {
				t.Errorf("%s is read as %q", in, got)
			}
		}
	})
}

func TestBoolean(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		for in, want := range map[string]Boolean{
			`true`: true, `"true"`: true, `"True"`: true, `"TRUE"`: true, `1`: true, `"1"`: true, `" true "`: true,
			`false`: false, `"false"`: false, `"False"`: false, `0`: false, `"0"`: false,
		} {
			got := !want
			if err := json.Unmarshal([]byte(in), &got); err != nil || got != want {
				t.Errorf("%s: got %v, %v", in, got, err)
			}
		}
	})

	t.Run("ErrNoBoolean", func(t *testing.T) {
		t.Parallel()
		// Whether a source is healthy is never guessed.
		for _, in := range []string{`null`, `""`, `"yes"`, `2`, `1.0`, `{}`, `[true]`} {
			var got Boolean
			if err := json.Unmarshal([]byte(in), &got); err == nil {
				t.Errorf("%s is read as %v", in, got)
			}
		}
	})
}
