package loose

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

var seeds = []string{
	`42`, `"42"`, `42.0`, `4.2`, `1e3`, `1e400`, `1e-400`, `""`, `null`, `true`, `"True"`, `0`, `"0x1p4"`, `"inf"`, `-0.0`, `{}`, `[1]`, `"\u0000"`,
	`"\ud83c\udfa7"`, `9007199254740993.0`, `9223372036854775808`, ` " 7 " `, `"`, `nul`, "",
}

// fuzz feeds T arbitrary input, as JSON and to the bare method, which must not
// panic; check sees what was accepted as JSON. An accepted value is the same
// after it was written and read again.
func fuzz[T comparable, P interface {
	*T
	json.Unmarshaler
}](f *testing.F, check func(t *testing.T, in string, v T)) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var bare, v, again T
		_ = P(&bare).UnmarshalJSON(in)
		if json.Unmarshal(in, P(&v)) != nil {
			return
		}
		if !json.Valid(in) {
			t.Fatalf("%q is no JSON, but read as %+v", in, v)
		}
		check(t, string(in), v)
		written, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(written, P(&again)); err != nil || again != v {
			t.Fatalf("%s is %+v, written as %s, read as %+v, %v", in, v, written, again, err)
		}
	})
}

// plain is the text of a JSON scalar without quotes and blanks; "" for null.
func plain(t *testing.T, in string) string {
	t.Helper()
	in = strings.TrimSpace(in)
	if in == "null" {
		return ""
	}
	if strings.HasPrefix(in, `"`) {
		var s string
		if err := json.Unmarshal([]byte(in), &s); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(s)
	}
	return in
}

func FuzzInteger(f *testing.F) {
	fuzz(f, func(t *testing.T, in string, v Integer) {
		s := plain(t, in)
		if v.Known != (s != "") {
			t.Fatalf("%s: known is %t", in, v.Known)
		}
		exact, ok := new(big.Rat).SetString(s)
		if !v.Known || !ok {
			return // an exponent too large for exact comparison
		}
		off := exact.Sub(exact, new(big.Rat).SetInt64(v.Value))
		if off.Abs(off).Cmp(big.NewRat(1, 2)) > 0 {
			t.Fatalf("%s is read as %d", in, v.Value)
		}
	})
}

func FuzzNumber(f *testing.F) {
	fuzz(f, func(t *testing.T, in string, v Number) {
		s := plain(t, in)
		if v.Known != (s != "") {
			t.Fatalf("%s: known is %t", in, v.Known)
		}
		if !v.Known {
			return
		}
		want, err := strconv.ParseFloat(s, 64)
		if err != nil || v.Value != want || strings.ContainsAny(s, "xXnN_") { // neither hexadecimal nor nan nor inf
			t.Fatalf("%s is read as %v, %v", in, v.Value, err)
		}
	})
}

func FuzzText(f *testing.F) {
	fuzz(f, func(t *testing.T, in string, v Text) {
		if !utf8.ValidString(string(v)) {
			t.Fatalf("%q is read as %q", in, v)
		}
		if strings.TrimSpace(string(v)) != plain(t, in) {
			t.Fatalf("%s is read as %q", in, v)
		}
	})
}

func FuzzBoolean(f *testing.F) {
	fuzz(f, func(t *testing.T, in string, v Boolean) {
		want, err := strconv.ParseBool(plain(t, in))
		if err != nil || bool(v) != want {
			t.Fatalf("%s is read as %t", in, v)
		}
	})
}
