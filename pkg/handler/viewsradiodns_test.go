package handler

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"aura.radio/engine/pkg/links"
	"aura.radio/engine/pkg/web/views"
)

// radio is one with RadioDNS: events with names, of which it shows the last.
type radio struct {
	lines       *bufio.Scanner
	text, image string
}

// tune opens the stream of a bearer.
func tune(t *testing.T, address string) *radio {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	t.Cleanup(leave)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Body.Close() })
	if kind := w.Header.Get("Content-Type"); w.StatusCode != http.StatusOK || kind != "text/event-stream" {
		t.Fatalf("%s: %s, %s", address, w.Status, kind)
	}
	return &radio{lines: bufio.NewScanner(w.Body)}
}

// reads waits for the next event of that name, and for nothing in between.
func (r *radio) reads(t *testing.T, name string) {
	t.Helper()
	event := ""
	for r.lines.Scan() {
		line := r.lines.Text()
		if value, ok := strings.CutPrefix(line, "event: "); ok {
			event = value
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		var said struct{ Body, Src string }
		if err := json.Unmarshal([]byte(data), &said); err != nil || event != name {
			t.Fatalf("event %q, want %q: %s (%v)", event, name, data, err)
		}
		if event == "text" {
			r.text = said.Body
		} else {
			r.image = said.Src
		}
		return
	}
	t.Fatalf("the stream ended: %v", r.lines.Err())
}

// TestRadioDNS: a receiver shows what plays at once, and each change; on FM and on
// DAB, each with the cover or the station's image.
func TestRadioDNS(t *testing.T) {
	t.Parallel()
	s := newSyncNode(t, named, func(a *API) {
		a.Links = links.New(links.Config{Cover: "https://covers.example/{album}.jpg"}, a.Zone)
		a.Views = views.Config{Bearers: []string{"fm/ce1/c201/09710", "dab/ce1/c185/c181/0"}, Image: "https://radio.example/logo.png"}
	})
	address := network(t, s)
	for _, target := range []string{"/fm/ce1/c201/09720", "/dab/ce1/c185/c181/1", "/fm/ce1/c201/0971"} {
		s.view(http.StatusNotFound, "/radiodns/push/1.0"+target)
	}
	fm := tune(t, address+"/radiodns/push/1.0/fm/CE1/c201/09710")
	dab := tune(t, address+"/radiodns/push/1.0/dab/ce1/c185/c181/0")
	both := func(text, image string) {
		t.Helper()
		for name, r := range map[string]*radio{"FM": fm, "DAB": dab} {
			r.reads(t, "text")
			r.reads(t, "image")
			if r.text != text || r.image != image {
				t.Errorf("%s shows %q and %q, want %q and %q", name, r.text, r.image, text, image)
			}
		}
	}
	both("Radio Test", "https://radio.example/logo.png")
	post := func(body string) {
		s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "`+ago(0)+`", "log_source": 1, `+body+`}`)
	}
	post(`"track_artist": "Anna", "track_title": "Song", "track_album": "First", "track_duration": 600`)
	both("Anna - Song", "https://covers.example/First.jpg")

	late := tune(t, address+"/radiodns/push/1.0/fm/ce1/c201/09710?delay=200")
	if late.reads(t, "text"); late.text != "Radio Test" {
		t.Errorf("200 seconds late: %q", late.text)
	}
}
