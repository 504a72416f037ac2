package repo_test

import (
	"database/sql"
	"sync"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// TestStation_Sight: sightings are kept as they were judged, also if several
// processes judge at once.
func TestStation_Sight(t *testing.T) {
	onEachStation(t, func(t *testing.T, s *repo.Station, _ *sql.DB) {
		sighting := func(host, start int, last time.Time, standing model.Standing) model.Sighting {
			return model.Sighting{
				Identity: model.Identity{Owner: engine(host), Database: model.Fingerprint{1}, Start: model.Fingerprint{byte(host), byte(start)}, Starts: int64(start)},
				First:    noon, Last: last, Standing: standing,
			}
		}
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				_, err := s.Sight(t.Context(), 2, noon, func(known []model.Sighting) []model.Sighting {
					for i := range known {
						known[i].Standing = model.Replaced
					}
					return append(known, sighting(2, n, noon.Add(time.Duration(n)*time.Minute), model.Current))
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if _, err := s.Sight(t.Context(), 3, noon, func(known []model.Sighting) []model.Sighting {
			return append(known, sighting(3, 0, noon.Add(-time.Hour), model.Current), sighting(3, 1, noon.Add(-time.Hour), model.Refused))
		}); err != nil {
			t.Fatal(err)
		}
		known, err := s.Sightings(t.Context(), 2, noon)
		current := 0
		for _, k := range known {
			if k.Standing == model.Current {
				current++
			}
			if want := sighting(2, int(k.Starts), noon.Add(time.Duration(k.Starts)*time.Minute), k.Standing); k != want {
				t.Errorf("%+v, want %+v", k, want)
			}
		}
		if err != nil || len(known) != 8 || current != 1 {
			t.Errorf("%d sightings, %d of them current, %v", len(known), current, err)
		}
		if known, err := s.Sightings(t.Context(), 3, noon); err != nil || len(known) != 1 || known[0].Standing != model.Current {
			t.Errorf("the old ones: %+v, %v", known, err)
		}
	})
}
