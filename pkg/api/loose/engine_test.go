package loose_test

import (
	"encoding/json"
	"math"
	"testing"

	"aura.radio/engine/pkg/api/loose"
)

func TestCount(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]loose.Count{
		`5`: {Value: 5, Known: true}, `"5"`: {Value: 5, Known: true}, `"5/12"`: {Value: 5, Known: true}, `"5 / 12"`: {Value: 5, Known: true}, `"5/"`: {Value: 5, Known: true},
		`-2`: {Value: -2, Known: true}, `-1`: {}, `"-1"`: {}, `null`: {}, `""`: {}, `"None"`: {}, `"null"`: {}, `"undefined"`: {}, `"-"`: {}, `"/12"`: {},
	} {
		var got loose.Count
		if err := json.Unmarshal([]byte(in), &got); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{`"five"`, `1.5`, `true`, `[]`, `{}`, `"5/b"`, `"5/12/3"`, `9223372036854775808`} {
		var got loose.Count
		if err := json.Unmarshal([]byte(in), &got); err == nil || got.Known {
			t.Errorf("%s is read as %+v", in, got)
		}
	}
}

func TestLength(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]float64{
		`225`: 225, `"225.5"`: 225.5, `"225,5"`: 225.5, `"166.09 s"`: 166.09, `"166.09s"`: 166.09, `"3 sec"`: 3, `"3:45"`: 225, `"00:02:10.296"`: 130.296,
		`"00:02:10,296"`: 130.296, `"90:00"`: 5400, `0`: 0, `31622400`: loose.MaxSeconds, `1e-400`: 0,
	} {
		var got loose.Length
		if err := json.Unmarshal([]byte(in), &got); err != nil || !got.Known || math.Abs(got.Value-want) > 1e-9 {
			t.Errorf("%s: got %+v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{`null`, `""`, `"inf"`, `"-Infinity"`, `"NaN"`, `-1`, `"-0.5"`, `"None"`, `"-"`, `1e400`} {
		got := loose.Length{Value: 1, Known: true}
		if err := json.Unmarshal([]byte(in), &got); err != nil || got.Known {
			t.Errorf("%s: got %+v, %v, want not known", in, got, err)
		}
	}
	for _, in := range []string{`"long"`, `31622401`, `"3:60"`, `"3:-1"`, `"1:2:3:4"`, `"3.5:10"`, `":"`, `"1,2,3"`, `true`, `[]`, `"0x1p4"`, `"1_0"`, `"inf:1"`, `"s"`} {
		var got loose.Length
		if err := json.Unmarshal([]byte(in), &got); err == nil || got.Known {
			t.Errorf("%s is read as %+v", in, got)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]loose.Names{
		`"a"`: "a", `["a", "b"]`: "a, b", `["a", null, "", 3]`: "a, 3", `[]`: "", `null`: "", `1979`: "1979",
	} {
		var got loose.Names
		if err := json.Unmarshal([]byte(in), &got); err != nil || got != want {
			t.Errorf("%s: got %q, %v", in, got, err)
		}
	}
	for _, in := range []string{`{}`, `[["a"]]`, `[{}]`} {
		var got loose.Names
		if err := json.Unmarshal([]byte(in), &got); err == nil {
			t.Errorf("%s is read as %q", in, got)
		}
	}
}
