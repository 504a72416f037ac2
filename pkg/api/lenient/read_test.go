package lenient_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"aura.radio/engine/pkg/api/lenient"
	"aura.radio/engine/pkg/model"
)

const (
	notUTF8  = "is not UTF-8, and was read as Windows-1252"
	charset  = "must be UTF-8, and was read as its declared charset"
	wide     = "must be UTF-8, and was read as UTF-16"
	mark     = "begins with a byte order mark, which is left out"
	control  = "has control characters that are not escaped"
	foreign  = "has escapes that JSON does not have, which were read as other languages write them"
	keptAsIs = "has escapes that JSON does not have, which were kept as text"
	asText   = "is no JSON value, and was read as text"
	tooMany  = "has a comma too many, which is left out"
)

func d(field, sent, why string) model.Doubt { return model.Doubt{Field: field, Sent: sent, Why: why} }

func encoded(t *testing.T, text string, encode func(string) (string, error)) string {
	t.Helper()
	out, err := encode(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRead(t *testing.T) {
	t.Parallel()
	japaneseText := encoded(t, `{"t": "東京"}`, japanese.ISO2022JP.NewEncoder().String)
	latin2 := encoded(t, `{"t": "Dvořák"}`, charmap.ISO8859_2.NewEncoder().String)
	little := encoded(t, `{"t": "Grüße 🎶"}`, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String)
	big := encoded(t, `{"t": "Grüße 🎶"}`, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String)
	for name, c := range map[string]struct {
		sent, charset string
		want          string
		doubts        []model.Doubt
	}{
		"strict":                  {` {"t": "Grüße", "n": [1, null]} `, "", ` {"t": "Grüße", "n": [1, null]} `, nil},
		"strict, name twice":      {`{"t": 1, "t": 2}`, "", `{"t": 1, "t": 2}`, nil},
		"strict, charset wrong":   {`{"t": "Grüße"}`, "iso-8859-1", `{"t": "Grüße"}`, nil},
		"Latin-1":                 {"{\"t\": \"Bj\xf6rk\", \"a\": \"x\"}", "", `{"t": "Björk", "a": "x"}`, []model.Doubt{d("t", `Bj\xF6rk`, notUTF8)}},
		"Latin-1, said UTF-8":     {"{\"t\": \"Bj\xf6rk\"}", "utf-8", `{"t": "Björk"}`, []model.Doubt{d("t", `Bj\xF6rk`, notUTF8)}},
		"Latin-1 among UTF-8":     {"{\"a\": \"Grüße\", \"t\": \"Bj\xf6rk\"}", "", `{"a": "Grüße", "t": "Björk"}`, []model.Doubt{d("t", `Bj\xF6rk`, notUTF8)}},
		"Windows-1252":            {"{\"t\": \"\x93Sin\xe9ad\x94 \x80\"}", "", `{"t": "“Sinéad” €"}`, []model.Doubt{d("t", `\x93Sin\xE9ad\x94 \x80`, notUTF8)}},
		"Latin-1 in a name":       {"{\"St\xfcck\": 1}", "", `{"Stück": 1}`, []model.Doubt{d("Stück", `St\xFCck`, notUTF8)}},
		"list":                    {"[{\"t\": \"a\"}, {\"t\": \"\xf6\", \"u\": {\"v\": NaN}}, [\"\xf6\"], {\"t\": \"\xf6\",},]", "", `[{"t": "a"}, {"t": "ö", "u": {"v": "NaN"}}, ["ö"], {"t": "ö"}]`, []model.Doubt{d("1.t", `\xF6`, notUTF8), d("1.u", "NaN", asText), d("2.body", `\xF6`, notUTF8), d("3.t", `\xF6`, notUTF8), d("3.body", ",", tooMany)}},
		"Latin-1, nested":         {"{\"x\": 1, \"l\": [{\"t\": \"\xf6\"}, \"\xe4\"], \"y\": 2}", "", `{"x": 1, "l": [{"t": "ö"}, "ä"], "y": 2}`, []model.Doubt{d("l", `\xF6`, notUTF8)}},
		"declared":                {latin2, "ISO-8859-2", `{"t": "Dvořák"}`, []model.Doubt{d("body", "charset=ISO-8859-2", charset)}},
		"declared, 7 bits":        {japaneseText, "iso-2022-jp", `{"t": "東京"}`, []model.Doubt{d("body", "charset=iso-2022-jp", charset)}},
		"declared, unknown":       {"{\"t\": \"\xf6\"}", "martian", `{"t": "ö"}`, []model.Doubt{d("t", `\xF6`, notUTF8)}},
		"declared, not true":      {"{\"t\": \"\xf6\"}", "euc-jp", `{"t": "ö"}`, []model.Doubt{d("t", `\xF6`, notUTF8)}},
		"byte order mark":         {"\ufeff{\"t\": 1}", "", `{"t": 1}`, []model.Doubt{d("body", "U+FEFF", mark)}},
		"UTF-16":                  {little, "", `{"t": "Grüße 🎶"}`, []model.Doubt{d("body", "UTF-16", wide)}},
		"UTF-16 with a mark":      {big, "", `{"t": "Grüße 🎶"}`, []model.Doubt{d("body", "UTF-16", wide)}},
		"control characters":      {"{\"t\": \"a\tb\n\x00\"}", "", `{"t": "a\u0009b\u000a\u0000"}`, []model.Doubt{d("t", "a\tb\n\x00", control)}},
		"NaN":                     {`{"d": NaN, "e": 1}`, "", `{"d": "NaN", "e": 1}`, []model.Doubt{d("d", "NaN", asText)}},
		"not a number":            {`{"d": [nan,-nan , Infinity,-Infinity,inf,+INF]}`, "", `{"d": ["nan","-nan" , "Infinity","-Infinity","inf","+INF"]}`, []model.Doubt{d("d", "nan", asText)}},
		"numbers of others":       {`{"a": .5, "b": 007, "c": +5, "d": 5.}`, "", `{"a": ".5", "b": "007", "c": "+5", "d": "5."}`, []model.Doubt{d("a", ".5", asText), d("b", "007", asText), d("c", "+5", asText), d("d", "5.", asText)}},
		"Python":                  {`{"a": None, "b": True}`, "", `{"a": "None", "b": "True"}`, []model.Doubt{d("a", "None", asText), d("b", "True", asText)}},
		"bytes in decimal":        {`{"t": "\194\169 2020"}`, "", `{"t": "© 2020"}`, []model.Doubt{d("t", `\194\169 2020`, foreign)}},
		"bytes in octal":          {`{"t": "caf\303\251"}`, "", `{"t": "café"}`, []model.Doubt{d("t", `caf\303\251`, foreign)}},
		"bytes in hexadecimal":    {`{"t": "\xc3\xa9 \xE9 \x22"}`, "", `{"t": "é é \""}`, []model.Doubt{d("t", `\xc3\xa9 \xE9 \x22`, foreign)}},
		"apostrophe":              {`{"t": "Don\'t"}`, "", `{"t": "Don't"}`, []model.Doubt{d("t", `Don\'t`, foreign)}},
		"one byte in decimal":     {`{"t": "\233"}`, "", `{"t": "\\233"}`, []model.Doubt{d("t", `\233`, keptAsIs)}},
		"octal or decimal":        {`{"t": "\101\102"}`, "", `{"t": "\\101\\102"}`, []model.Doubt{d("t", `\101\102`, keptAsIs)}},
		"path":                    {`{"t": "C:\Music\u12"}`, "", `{"t": "C:\\Music\\u12"}`, []model.Doubt{d("t", `C:\Music\u12`, keptAsIs)}},
		"escapes of both kinds":   {`{"t": "\"\\\u00e9\'"}`, "", `{"t": "\"\\\u00e9'"}`, []model.Doubt{d("t", `\"\\\u00e9\'`, foreign)}},
		"trailing comma":          {`{"t": 1, }`, "", `{"t": 1 }`, []model.Doubt{d("body", ",", tooMany)}},
		"trailing comma, list":    {`{"t": [1,2,],}`, "", `{"t": [1,2]}`, []model.Doubt{d("t", ",", tooMany), d("body", ",", tooMany)}},
		"two kinds in one":        {"{\"t\": \"\xf6\n\"}", "", `{"t": "ö\u000a"}`, []model.Doubt{d("t", `\xF6`+"\n", notUTF8), d("t", `\xF6`+"\n", control)}},
		"a comma within a text":   {`{"t": ",}", "d": NaN}`, "", `{"t": ",}", "d": "NaN"}`, []model.Doubt{d("d", "NaN", asText)}},
		"a quote within a text":   {`{"t": "\"NaN,}", "d": NaN}`, "", `{"t": "\"NaN,}", "d": "NaN"}`, []model.Doubt{d("d", "NaN", asText)}},
		"more than one value bad": {"{\"a\": NaN, \"t\": \"\xf6\",}", "", `{"a": "NaN", "t": "ö"}`, []model.Doubt{d("a", "NaN", asText), d("t", `\xF6`, notUTF8), d("body", ",", tooMany)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, doubts, err := lenient.Read([]byte(c.sent), c.charset)
			if err != nil || string(got) != c.want || !slices.Equal(doubts, c.doubts) {
				t.Errorf("%s, %+v, %v;\nwant %s, %+v", got, doubts, err, c.want, c.doubts)
			}
		})
	}
}

func TestRead_refused(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]string{
		"nothing":            "",
		"no JSON":            "track_start=2020",
		"cut off":            `{"t": "x`,
		"cut off, nested":    `{"t": [1, 2`,
		"cut off, Latin-1":   "{\"t\": \"\xf6",
		"cut off, escape":    `{"t": "\`,
		"comma only":         `{,}`,
		"two commas":         `{"t": 1,,}`,
		"no value":           `{"t": , "a": 1}`,
		"comma for a value":  `{"t": ,}`,
		"two values":         `{} {}`,
		"name without quote": `{nan: 1}`,
		"another word":       `{"t": Björk}`,
		"Latin-1 outside":    "{\"t\": \xf6}",
		"control outside":    "{\"t\"\x01: 1}",
		"half a number":      `{"t": 1e}`,
		"UTF-16, odd":        "\xff\xfe{\x00}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, doubts, err := lenient.Read([]byte(sent), ""); err == nil || got != nil || doubts != nil {
				t.Errorf("%s, %v, %v", got, doubts, err)
			}
		})
	}
}

// TestRead_same: what is JSON is returned itself. It counts allocations, so it
// runs alone; a pool that forgets, as it does under the race detector, does not
// matter in many runs.
func TestRead_same(t *testing.T) {
	sent := []byte(`{"t": "Grüße"}`)
	got, _, err := lenient.Read(sent, "")
	if err != nil || &got[0] != &sent[0] {
		t.Errorf("%s, %v", got, err)
	}
	if n := testing.AllocsPerRun(1000, func() { _, _, _ = lenient.Read(sent, "") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestRead_bounds: however much is mended, there are at most 16 doubts of 200
// bytes.
func TestRead_bounds(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 50 {
		b.WriteString(`"` + string(rune('A'+i)) + strings.Repeat("ö", 300) + "\": \"" + strings.Repeat("\xf6", 300) + "\",")
	}
	_, doubts, err := lenient.Read([]byte("{"+b.String()+"}"), "")
	if err != nil || len(doubts) != model.MaxDoubts {
		t.Fatalf("%d doubts, %v", len(doubts), err)
	}
	for _, d := range doubts {
		if len(d.Sent) > model.MaxDoubtText || len(d.Field) > model.MaxDoubtText || !utf8.ValidString(d.Sent) || !utf8.ValidString(d.Field) {
			t.Errorf("%d bytes of %d", len(d.Sent), len(d.Field))
		}
	}
}

func TestDoubts(t *testing.T) {
	t.Parallel()
	if got := lenient.Doubts(t.Context()); got != nil {
		t.Errorf("without doubts: %v", got)
	}
	first, second := model.Doubt{Field: "a"}, model.Doubt{Field: "b"}
	ctx := lenient.WithDoubts(lenient.WithDoubts(t.Context(), first), second)
	if got := lenient.Doubts(ctx); !slices.Equal(got, []model.Doubt{first, second}) {
		t.Errorf("%v", got)
	}
}

var strict = []byte(`{"track_start": "2025-07-17T14:03:05", "track_artist": "Jörg Ähnlich", "track_title": "Grüße", "track_album": "Süße Träume", "track_duration": 178.5, "track_type": 0, "track_num": 1, "show_id": 11, "show_name": "Morning", "log_source": 1}`)

// BenchmarkRead: strict JSON costs as much as its check.
func BenchmarkRead(b *testing.B) {
	b.Run("json.Valid", func(b *testing.B) {
		for b.Loop() {
			if !json.Valid(strict) {
				b.Fatal("no JSON")
			}
		}
	})
	b.Run("strict", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := lenient.Read(strict, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
	mended := []byte(strings.Replace(string(strict), "Morning", "M\xf6rning", 1))
	b.Run("mended", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := lenient.Read(mended, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestOfElement: an element of a list has its own doubts, and those about the
// whole.
func TestOfElement(t *testing.T) {
	t.Parallel()
	sent := "\ufeff[{\"t\": NaN}, {\"t\": \"" + "\xf6" + "\"}" + strings.Repeat(`, {"t": NaN}`, 20) + "]"
	_, doubts, err := lenient.Read([]byte(sent), "")
	if err != nil {
		t.Fatal(err)
	}
	ctx := lenient.WithDoubts(t.Context(), doubts...)
	whole := d("body", "U+FEFF", mark)
	for element, want := range map[int][]model.Doubt{
		0: {whole, d("t", "NaN", asText)}, 1: {whole, d("t", `\xF6`, notUTF8)}, 21: {whole, d("t", "NaN", asText)}, 22: {whole},
	} {
		if got := lenient.Doubts(lenient.OfElement(ctx, element)); !slices.Equal(got, want) {
			t.Errorf("%d: %+v, want %+v", element, got, want)
		}
	}
	if got := lenient.Doubts(lenient.OfElement(t.Context(), 0)); got != nil {
		t.Errorf("of nothing: %+v", got)
	}
}
