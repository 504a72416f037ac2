package answercache

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"
)

// TestKeep_several: an answer that is made of several is held as long as all of them
// are right, in whatever order they say so.
func TestKeep_several(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	soon := Policy{Until: noon, MaxAge: 5 * time.Second}
	late := Policy{Until: noon.Add(time.Hour), MaxAge: time.Second}
	always := Policy{MaxAge: time.Minute}
	confirm := Policy{MaxAge: time.Minute, Confirm: true}
	for name, c := range map[string]struct {
		policies []Policy
		want     Policy
	}{
		"One":     {[]Policy{soon}, soon},
		"Earlier": {[]Policy{soon, late}, Policy{Until: noon, MaxAge: time.Second}},
		"Later":   {[]Policy{late, soon}, Policy{Until: noon, MaxAge: time.Second}},
		"Never":   {[]Policy{always, soon, always}, soon},
		"Confirm": {[]Policy{confirm, soon}, Policy{Until: noon, MaxAge: 5 * time.Second, Confirm: true}},
	} {
		rec := &recorder{client: httptest.NewRecorder()}
		ctx := context.WithValue(t.Context(), recorderKey{}, rec)
		for _, p := range c.policies {
			Keep(ctx, p)
		}
		if *rec.policy != c.want {
			t.Errorf("%s: %+v, want %+v", name, *rec.policy, c.want)
		}
	}
}
