package trackservice_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/sse"
	"aura.radio/engine/pkg/trackservice"
)

// counted is a form that counts the events it is given.
type counted struct{ fails bool }

var errNotNow = errors.New("not now")

func (f *counted) First(_ context.Context, events []*sse.Event) ([]byte, error) {
	if f.fails {
		return nil, errNotNow
	}
	return fmt.Appendf(nil, "first: %d\n\n", len(events)), nil
}

func (f *counted) Next(_ context.Context, events []*sse.Event) ([]byte, error) {
	if f.fails {
		return nil, errNotNow
	}
	return fmt.Appendf(nil, "next: %d\n\n", len(events)), nil
}

func (*counted) Ping() []byte { return []byte("ping\n\n") }

func TestService_ServeAs(t *testing.T) {
	t.Parallel()
	as := func(s *trackservice.Service, form sse.Form) func(http.ResponseWriter, *http.Request) error {
		return func(w http.ResponseWriter, r *http.Request) error { return s.ServeAs(w, r, 0, form) }
	}

	t.Run("Form", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log, form := &playlog{}, &counted{}
			s := newService(log)
			p := serveWith(t, as(s, form))
			_, early := p.connect(t, "") // before anything is known
			for _, want := range []string{"HTTP/1.0 200 OK", "retry: ", "first: 0\n"} {
				if got, err := block(early); err != nil || !strings.HasPrefix(got, want) {
					t.Fatalf("read %q (%v), want %q", got, err, want)
				}
			}
			run(t, s)
			play(log, s, 1)
			told, pings := 0, 0
			for told < 2 || pings == 0 { // the first ping comes at a random moment
				switch got, err := block(early); {
				case err != nil:
					t.Fatal(err)
				case got == "next: 1\n":
					told++
				case got == "ping\n":
					pings++
				default:
					t.Fatalf("read %q", got)
				}
			}
			_, late := p.connect(t, "")
			for range 2 { // head, retry
				if _, err := block(late); err != nil {
					t.Fatal(err)
				}
			}
			wantBlock(t, late, "first: 1\n")
		})
	})

	t.Run("CannotBegin", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := trackservice.New(&playlog{}, render, trackservice.Config{MaxListeners: 1}, zerolog.Nop())
			run(t, s)
			_, in := serveWith(t, as(s, &counted{fails: true})).connect(t, "")
			if head, err := block(in); err != nil || !strings.HasPrefix(head, "HTTP/1.0 503 ") {
				t.Errorf("read %q (%v)", head, err)
			}
			if _, err := s.Subscribe("", 0); err != nil {
				t.Errorf("its place is not free again: %v", err)
			}
		})
	})

	t.Run("CannotGoOn", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log, form := &playlog{}, &counted{}
			s := newService(log)
			run(t, s)
			_, in := serveWith(t, as(s, form)).connect(t, "")
			for range 3 { // head, retry, first
				if _, err := block(in); err != nil {
					t.Fatal(err)
				}
			}
			form.fails = true
			play(log, s, 1)
			rest, err := io.ReadAll(in)
			if rest = bytes.ReplaceAll(rest, form.Ping(), nil); err != nil || len(rest) > 0 {
				t.Errorf("read %q (%v), want the end", rest, err)
			}
		})
	})
}
