package httpserver_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
)

const batchPath = "/api/v1/sync/records"

func TestBatch(t *testing.T) {
	t.Parallel()
	var got api.SyncBatch
	h := httpservertest.New(t, stub{BatchFunc: func(b api.SyncBatch) { got = b }}, quiet)
	many := func(n int, one string) string {
		return `{"records": [` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]}`
	}
	deep := func(n int) string {
		return `{"clocks": [` + strings.Repeat(`{"x":`, n-2) + "1" + strings.Repeat("}", n-2) + `]}`
	}
	t.Run("OK", func(t *testing.T) {
		for name, body := range map[string]string{
			"nothing":                  `{}`,
			"much":                     many(1000, `{"track_title": "`+strings.Repeat("x", 1000)+`"}`),
			"what no record is":        `{"records": [{}, {"log_source": "one", "track_start": [1, {"a": "}]\"\\"}]}, {"records": [{}]}]}`,
			"deeper than other bodies": deep(110),
		} {
			w := httpservertest.Do(h, "POST", batchPath, body)
			if w.Code != 200 {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
			var sent, passed any
			again, _ := json.Marshal(got)
			if json.Unmarshal([]byte(body), &sent) != nil || json.Unmarshal(again, &passed) != nil || fmt.Sprint(sent) != fmt.Sprint(passed) {
				t.Errorf("%s: the handler got %.200s", name, again)
			}
		}
	})
	t.Run("Refused", func(t *testing.T) {
		for body, want := range map[string]struct {
			status int
			field  string
		}{
			many(1001, `{}`):                           {400, "records"},
			many(3, `5`):                               {400, "records.0 records.1 records.2"},
			many(1, `null`):                            {400, "records.0"},
			`{"records": {"a": {"b": {}}}}`:            {400, "records"},
			`{"records": null}`:                        {400, "records"},
			`{"acknowledged": [{"fingerprint": "x"}]}`: {400, "acknowledged.0.content acknowledged.0.fingerprint"},
			`{"acknowledged_healths": [{}]}`:           {400, "acknowledged_healths.0"},
			`{"synced": "yes"}`:                        {400, "synced"},
			deep(111):                                  {400, "body"},
			many(1, `{"a": "`+strings.Repeat("x", 4<<20)+`"}`): {413, ""},
		} {
			p := wantProblem(t, httpservertest.Do(h, "POST", batchPath, body), want.status)
			var fields []string
			if p.Errors != nil {
				for _, e := range *p.Errors {
					fields = append(fields, e.Field)
				}
			}
			slices.Sort(fields)
			if strings.Join(fields, " ") != want.field {
				t.Errorf("%.60s names %q, want %q", body, fields, want.field)
			}
		}
	})
}

// The contract must find the same mistakes in the envelope as in the whole
// body.
func TestEnvelope(t *testing.T) {
	t.Parallel()
	text := rapid.SampledFrom([]string{"", "records", "other", "}", "]", `"`, `\`, `\"}`, "a:b", "ü🎵", ":"})
	var value *rapid.Generator[any]
	value = rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 7).Draw(t, "kind") {
		case 0, 1:
			object := map[string]any{}
			for range rapid.IntRange(0, 3).Draw(t, "members") {
				object[text.Draw(t, "name")] = value.Draw(t, "value")
			}
			return object
		case 2, 3:
			list := []any{}
			for range rapid.IntRange(0, 3).Draw(t, "elements") {
				list = append(list, value.Draw(t, "element"))
			}
			return list
		case 4:
			return nil
		case 5:
			return rapid.Float64Range(-1e6, 1e6).Draw(t, "number")
		}
		return text.Draw(t, "text")
	})
	rapid.Check(t, func(t *rapid.T) {
		body := map[string]any{}
		for _, name := range []string{"records", "other", "more"} {
			if rapid.Bool().Draw(t, "has "+name) {
				body[name] = value.Draw(t, name)
			}
		}
		data, err := json.Marshal(body)
		if err == nil && rapid.Bool().Draw(t, "indented") {
			var out bytes.Buffer
			err = json.Indent(&out, data, " ", "\t")
			data = out.Bytes()
		}
		if err != nil {
			t.Fatal(err)
		}
		if list, ok := body["records"].([]any); ok {
			for i := range list {
				if _, ok := list[i].(map[string]any); ok {
					list[i] = map[string]any{}
				}
			}
		} else if object, ok := body["records"].(map[string]any); ok {
			for name := range object { // not a list, so it is refused for that
				if _, ok := object[name].(map[string]any); ok {
					object[name] = map[string]any{}
				}
			}
		}
		want, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := json.Unmarshal(httpserver.Envelope(data, []string{"records"}), &got); err != nil {
			t.Fatal(err)
		}
		if again, _ := json.Marshal(got); !bytes.Equal(again, want) {
			t.Fatalf("envelope of %s is %s, want %s", data, again, want)
		}
	})
}

// Measures the cost of a record in a batch before the handler sees it.
func BenchmarkBatch(b *testing.B) {
	h := httpservertest.New(b, stub{}, func(_ *httpserver.Config, o *httpserver.Options) {
		o.Log, o.OnMismatch = zerolog.Nop(), nil
	})
	const n = 500
	one := `{"log_source":1,"track_start":"2020-06-27T17:14:00.123456Z","track_artist":"The Placeholders","track_album":"Nowhere","track_title":"Fade Into Something Else","track_num":12,"track_type":1,"duration_ms":293000,"playlist_id":1234,"timeslot_id":5678,"show_id":42,"show_name":"Nachtlicht"}`
	body := `{"records":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]}`
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httpservertest.Request("POST", batchPath, body))
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/record")
}
