package web_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/web"
)

// operations are what the status page reads, and how often it was read.
type operations struct {
	web.StudioOperations // none of the others is called
	mu                   sync.Mutex
	active, looks        int
}

func (o *operations) GetSyncState(context.Context, api.GetSyncStateRequestObject) (api.GetSyncStateResponseObject, error) {
	return api.GetSyncState200JSONResponse{}, nil
}

func (o *operations) GetActiveSource(context.Context, api.GetActiveSourceRequestObject) (api.GetActiveSourceResponseObject, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.looks++
	return api.GetActiveSource200JSONResponse{Body: api.ActiveSource{ActiveSource: o.active}}, nil
}

func (o *operations) ListActivations(context.Context, api.ListActivationsRequestObject) (api.ListActivationsResponseObject, error) {
	return api.ListActivations200JSONResponse{{Source: 1, Reason: fmt.Sprintf("look %d", o.looked())}}, nil
}

func (o *operations) GetHealth(context.Context, api.GetHealthRequestObject) (api.GetHealthResponseObject, error) {
	return nil, model.ErrNotFound
}

func (o *operations) ListPlaylog(context.Context, api.ListPlaylogRequestObject) (api.ListPlaylogResponseObject, error) {
	return api.ListPlaylog200JSONResponse{}, nil
}

func (o *operations) ListHolesOfDays(context.Context, api.ListHolesOfDaysRequestObject) (api.ListHolesOfDaysResponseObject, error) {
	return nil, model.ErrUnavailable
}

func (o *operations) activate(number int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.active = number
}

func (o *operations) looked() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.looks
}

const liveSecret = "ann-secret-0123456789"

// followable serves the pages of a studio whose clock stands still, so that only
// changes are sent.
func followable(t *testing.T, o *operations) string {
	t.Helper()
	s := newStation(t)
	var tokens httpserver.Tokens
	if err := tokens.UnmarshalText([]byte("ann:admin:" + liveSecret + ",mon:monitor:mon-secret-0123456789")); err != nil {
		t.Fatal(err)
	}
	server, err := httpserver.New(httpserver.Config{Tokens: tokens, LocalToken: true}, httpserver.Options{Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	site, err := web.New(web.Options{
		Config: web.Config{Language: "en", Color: "#c2410c"}, Station: "Radio Beispiel", Zone: s.zone, Operations: s,
		Studio: web.Studio{Operations: o, Sources: map[int]string{1: "Engine A", 2: "Engine B"}},
		Now:    func() time.Time { return at(t, noon) }, Log: zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	site.Mount(server)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- site.Run(ctx) }()
	h := httptest.NewServer(server.Handler())
	t.Cleanup(func() {
		cancel() // ends the streams
		if err := <-ended; err != nil {
			t.Error(err)
		}
		h.Close()
	})
	return h.URL
}

// follow opens a stream; next reads its next page.
func follow(t *testing.T, address, secret string) (next func() string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience.Stretch(time.Minute))
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%s: %d, %v", address, answer.StatusCode, answer.Header)
	}
	lines := bufio.NewScanner(answer.Body)
	return func() string {
		t.Helper()
		var page strings.Builder
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				page.WriteString(data + "\n")
			} else if lines.Text() == "" && page.Len() > 0 {
				return page.String()
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return ""
	}
}

// TestSite_Run: everybody who follows the status is sent the page in their language
// when it changes, with what they may do, and however many they are, it is read once.
func TestSite_Run(t *testing.T) {
	t.Parallel()
	o := &operations{active: 1}
	home := followable(t, o)
	answer, err := http.Get(home + "/status/stream")
	if err != nil {
		t.Fatal(err)
	}
	if answer.Body.Close(); answer.StatusCode != http.StatusUnauthorized {
		t.Fatalf("who is not known is answered %d", answer.StatusCode)
	}
	if n := o.looked(); n != 0 {
		t.Errorf("the status is read %d times for nobody", n)
	}
	const many = 20
	var pages []func() string
	for range many {
		pages = append(pages, follow(t, home+"/status/stream", liveSecret))
	}
	german := follow(t, home+"/status/stream?lang=de", "mon-secret-0123456789")
	for _, next := range append(pages, german) {
		if page := next(); !strings.Contains(page, "<strong>Engine A (1)</strong>") || !strings.Contains(page, `id="fresh" data-live`) {
			t.Fatalf("the first page is %s", page)
		}
	}
	o.activate(2)
	first := ""
	for i, next := range append(pages, german) {
		page := next()
		for !strings.Contains(page, "<strong>Engine B (2)</strong>") {
			page = next()
		}
		if german, acts := strings.Contains(page, "Auf Sendung"), strings.Contains(page, `action="status/activate"`); german != (i == many) || acts != (i < many) {
			t.Errorf("%d: german is %t, and the page has forms: %t\n%s", i, german, acts, page)
		}
		look := regexp.MustCompile(`look \d+`).FindString(page)
		if first == "" {
			first = look
		}
		if look == "" || look != first {
			t.Errorf("%d was sent %q, the first one %q", i, look, first)
		}
	}
}

// TestSite_Run_bounded: no more than a bounded number of pages follow, and who leaves
// makes room.
func TestSite_Run_bounded(t *testing.T) {
	t.Parallel()
	home := followable(t, &operations{active: 1})
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	open := func(ctx context.Context) int {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, home+"/status/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+liveSecret)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		return answer.StatusCode
	}
	for i := range 200 {
		if status := open(ctx); status != http.StatusOK {
			t.Fatalf("%d: %d", i, status)
		}
	}
	if status := open(ctx); status != http.StatusServiceUnavailable {
		t.Fatalf("one too many: %d", status)
	}
	leave()
	patience.Await(t, func() error {
		if status := open(t.Context()); status != http.StatusOK {
			return fmt.Errorf("after the others left: %d", status)
		}
		return nil
	})
}
