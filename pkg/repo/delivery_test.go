package repo_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// owed is a delivery for a channel with that text.
func owed(channel, text string) model.Delivery {
	body, _ := json.Marshal(map[string]string{"text": text})
	return model.Delivery{Channel: channel, Body: body, CreatedAt: noon}
}

func deliver(t *testing.T, db *repo.Node, deliveries ...model.Delivery) []model.Delivery {
	t.Helper()
	stored, err := db.StoreDeliveries(t.Context(), deliveries)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// wantWaiting compares the waiting deliveries with all their fields, in order.
func wantWaiting(t *testing.T, db *repo.Node, channel string, limit int, want ...model.Delivery) {
	t.Helper()
	got, err := db.WaitingDeliveries(t.Context(), channel, limit)
	if err != nil || len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("%s waits for %+v, %v, want %+v", channel, got, err, want)
	}
}

func TestDB_StoreDeliveries(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		if stored, err := db.StoreDeliveries(t.Context(), nil); err != nil || len(stored) != 0 {
			t.Errorf("nothing was stored as %+v, %v", stored, err)
		}
		wantWaiting(t, db, "hook", 10)
		if _, err := db.LatestDelivery(t.Context(), "hook"); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("error %v, want %v", err, model.ErrNotFound)
		}
		b := owed("hook", "b 🎵")
		b.CreatedAt = noon.Add(time.Hour + 1999).In(time.FixedZone("", 3600))
		b.Tries, b.Error = 2, "no\nroute"
		given := []model.Delivery{owed("hook", "a"), owed("Hook", "other"), b}
		stored := deliver(t, db, given...)
		if given[0].ID != 0 {
			t.Error("it wrote into the list of its caller")
		}
		for i, d := range stored {
			want := given[i]
			if want.ID = d.ID; i == 2 {
				want.CreatedAt, want.Error = noon.Add(time.Hour+time.Microsecond), "no route"
			}
			if !reflect.DeepEqual(d, want) || i > 0 && d.ID <= stored[i-1].ID || d.ID < 1 {
				t.Errorf("%d: %+v, want %+v", i, d, want)
			}
		}
		more := deliver(t, db, owed("hook", "c"), owed("hook", "d"))
		if more[0].ID <= stored[2].ID {
			t.Errorf("id %d after %d", more[0].ID, stored[2].ID)
		}
		wantWaiting(t, db, "hook", 10, stored[0], stored[2], more[0], more[1])
		wantWaiting(t, db, "hook", 3, stored[0], stored[2], more[0])
		wantWaiting(t, db, "Hook", 10, stored[1]) // a different channel
		if latest, err := db.LatestDelivery(t.Context(), "hook"); err != nil || !reflect.DeepEqual(latest, more[1]) {
			t.Errorf("the latest is %+v, %v, want %+v", latest, err, more[1])
		}
		full := owed(strings.Repeat("🎵", model.MaxChannel), strings.Repeat("x", model.MaxDelivery-len(`{"text":""}`)))
		wantWaiting(t, db, full.Channel, 1, deliver(t, db, full)...)
	})
}

func TestDB_StoreDeliveries_invalid(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		bad := owed("", "b")
		_, err := db.StoreDeliveries(t.Context(), []model.Delivery{owed("hook", "a"), bad})
		if _, ok := errors.AsType[*model.InvalidError](err); !ok {
			t.Errorf("error %v", err)
		}
		wantWaiting(t, db, "hook", 10)
	})
}

// TestDB_StoreDeliveries_poisoned: if one delivery fails, none remains.
func TestDB_StoreDeliveries_poisoned(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		poisonous(t, kind, url, "INSERT", "delivery", "channel")
		_, err := db.StoreDeliveries(t.Context(), []model.Delivery{owed("hook", "a"), owed(poison, "b"), owed("hook", "c")})
		wantRefused(t, err)
		wantWaiting(t, db, "hook", 10)
	})
}

func TestDB_EndDelivery(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		ctx := t.Context()
		stored := deliver(t, db, owed("hook", "a"), owed("hook", "b"), owed("hook", "c"))
		latest := func() model.Delivery {
			t.Helper()
			d, err := db.LatestDelivery(ctx, "hook")
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		fail := func(id int64, tries int, reason string) {
			t.Helper()
			if err := db.FailDelivery(ctx, id, tries, reason); err != nil {
				t.Fatal(err)
			}
		}
		end := func(id int64, at time.Time, outcome string) {
			t.Helper()
			if err := db.EndDelivery(ctx, id, at, outcome); err != nil {
				t.Fatal(err)
			}
		}
		long := "no\n" + strings.Repeat("🎵", model.MaxReason)
		cut := "no " + strings.Repeat("🎵", model.MaxReason-3)

		last := stored[2]
		fail(last.ID, 1, "answered 500")
		fail(last.ID, 2, long)
		last.Tries, last.Error = 2, cut
		wantWaiting(t, db, "hook", 10, stored[0], stored[1], last)

		end(stored[0].ID, noon, "")
		wantWaiting(t, db, "hook", 10, stored[1], last)
		end(last.ID, noon.Add(time.Minute+1999).In(time.FixedZone("", 3600)), long)
		wantWaiting(t, db, "hook", 10, stored[1])
		last.EndedAt, last.Outcome = noon.Add(time.Minute+time.Microsecond), cut
		if got := latest(); !reflect.DeepEqual(got, last) {
			t.Errorf("given up: %+v, want %+v", got, last)
		}

		// The end is stored again because its answer was lost, or a failure
		// comes too late.
		end(last.ID, noon.Add(time.Hour), "")
		fail(last.ID, 9, "late")
		if got := latest(); !reflect.DeepEqual(got, last) {
			t.Errorf("after it had ended: %+v, want %+v", got, last)
		}
		fail(last.ID+100, 1, "nobody's")
		end(stored[1].ID, noon, "")
		wantWaiting(t, db, "hook", 10)
	})
}

// TestDB_EndDelivery_poisoned: if its end cannot be stored, the delivery still
// waits.
func TestDB_EndDelivery_poisoned(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		stored := deliver(t, db, owed("hook", "a"))
		poisonous(t, kind, url, "UPDATE", "delivery", "outcome")
		wantRefused(t, db.EndDelivery(t.Context(), stored[0].ID, noon, poison))
		wantWaiting(t, db, "hook", 10, stored...)
	})
}

// fillDeliveries stores the deliveries of three channels over a long time. Each
// channel still waits for the last few.
func fillDeliveries(t *testing.T, db *repo.Node) {
	t.Helper()
	const n = 3000
	var all []model.Delivery
	for i := range n {
		d := owed(fmt.Sprint("hook ", i%3), fmt.Sprint(i))
		if i < n-30 {
			d.EndedAt = noon.Add(time.Duration(i) * time.Minute)
		}
		all = append(all, d)
	}
	for some := range slices.Chunk(all, 100) { // on a busy machine, all at once would take too long
		deliver(t, db, some...)
	}
}
