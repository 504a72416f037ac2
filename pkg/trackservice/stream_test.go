package trackservice_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/trackservice"
)

// play stores a track that starts now, and waits until all listeners know.
func play(log *playlog, s *trackservice.Service, id int64) {
	time.Sleep(time.Second)
	log.add(entry(id, time.Now(), 0))
	s.Changed()
	synctest.Wait()
}

func said(id int64) string { return fmt.Sprintf("%d Fade Into You 0s", id) }

func TestService_Subscribe(t *testing.T) {
	t.Parallel()

	// begin plays n tracks and returns the ids of their events.
	begin := func(t *testing.T, n int64) (*playlog, *trackservice.Service, []string) {
		log := &playlog{}
		s := newService(log)
		run(t, s)
		l := subscribe(t, s, "")
		l.Take()
		var ids []string
		for id := int64(1); id <= n; id++ {
			play(log, s, id)
			events, _ := l.Take()
			for _, e := range events {
				ids = append(ids, e.ID)
			}
		}
		return log, s, ids
	}

	t.Run("StartsWithTheCurrentOne", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log, s, _ := begin(t, 3)
			l := subscribe(t, s, "")
			wantHeard(t, l, said(3))
			wantHeard(t, l, "")
			play(log, s, 4)
			wantHeard(t, l, said(4))
		})
	})

	t.Run("BeforeThereIsOne", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{away: model.ErrUnavailable}
			s := newService(log)
			run(t, s)
			l := subscribe(t, s, "")
			wantHeard(t, l, "")
			log.set(func() {
				log.away = nil
				log.entries = append(log.entries, *entry(1, time.Now(), 0))
			})
			s.Changed()
			wantHeard(t, l, said(1))
		})
	})

	t.Run("Resumes", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			_, s, ids := begin(t, 4)
			wantHeard(t, subscribe(t, s, ids[0]), strings.Join([]string{said(2), said(3), said(4)}, ", "))
			wantHeard(t, subscribe(t, s, ids[2]), said(4))
			wantHeard(t, subscribe(t, s, ids[3]), "")
			wantHeard(t, subscribe(t, s, "1593278040000000-42-00000000"), said(4))
			wantHeard(t, subscribe(t, s, "nonsense"), said(4))
		})
	})

	t.Run("ResumesInAnotherProcess", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log, _, ids := begin(t, 2)
			restarted := newService(log)
			run(t, restarted)
			wantHeard(t, subscribe(t, restarted, ids[1]), "")
			wantHeard(t, subscribe(t, restarted, ids[0]), said(2))
		})
	})

	t.Run("IDs", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log, s, ids := begin(t, 1)
			if want := fmt.Sprintf("%d-1-", time.Now().UnixMicro()); !strings.HasPrefix(ids[0], want) {
				t.Errorf("id is %s, want %s…", ids[0], want)
			}
			seen := map[string]bool{ids[0]: true}
			l := subscribe(t, s, ids[0])
			wantNew := func() {
				t.Helper()
				s.Changed()
				synctest.Wait()
				events, _ := l.Take()
				if len(events) != 1 || seen[events[0].ID] {
					t.Fatalf("%d events, want one with an id of its own", len(events))
				}
				seen[events[0].ID] = true
			}
			log.set(func() { log.entries[0].Duration = time.Minute }) // the same track, seen differently
			wantNew()
			time.Sleep(2 * time.Minute) // and over
			wantNew()
		})
	})

	t.Run("ATrackThatCameBack", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log, s, ids := begin(t, 2)
			log.set(func() { log.entries[1].Overlay.Void = true })
			s.Changed()
			synctest.Wait()
			// A listener that heard the first track, then or now, has the
			// current one.
			wantHeard(t, subscribe(t, s, ids[0]), "")
			wantHeard(t, subscribe(t, s, ids[1]), said(1))
		})
	})

	t.Run("SlowListenerSkips", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log, s, ids := begin(t, 1)
			slow := subscribe(t, s, ids[0])
			for id := int64(2); id <= 200; id++ {
				play(log, s, id)
			}
			events, _ := slow.Take()
			if len(events) != 64 || string(events[0].Data) != said(137) || string(events[63].Data) != said(200) {
				t.Errorf("%d events from %s", len(events), events[0].Data)
			}
			wantHeard(t, subscribe(t, s, ids[0]), said(200)) // no longer held
		})
	})

	t.Run("ErrFull", func(t *testing.T) {
		t.Parallel()
		s := trackservice.New(&playlog{}, render, trackservice.Config{MaxListeners: 2}, zerolog.Nop())
		first := subscribe(t, s, "")
		subscribe(t, s, "")
		for range 2 {
			if _, err := s.Subscribe("", 0); !errors.Is(err, trackservice.ErrFull) || !errors.Is(err, model.ErrOverloaded) {
				t.Errorf("error is %v", err)
			}
		}
		first.Close()
		subscribe(t, s, "")
	})
}
