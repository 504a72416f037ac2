package app

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/delivery/deliverytest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/services/status-monitor/internal/act"
)

// TestLedger: what is stored before the database is prepared waits for that, but
// not longer than allowed.
func TestLedger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rows := new(deliverytest.Ledger)
		l := ledger{struct {
			*deliverytest.Ledger
			act.Notes
		}{Ledger: rows}, make(chan struct{})}
		store := func() error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := l.StoreDeliveries(ctx, []model.Delivery{{Channel: "a", Body: []byte("{}"), CreatedAt: time.Now()}})
			return err
		}
		if err := store(); !errors.Is(err, model.ErrUnavailable) || len(rows.Of("a")) != 0 {
			t.Errorf("never prepared: %v, %d stored", err, len(rows.Of("a")))
		}
		time.AfterFunc(time.Second/2, func() { close(l.prepared) })
		for want := 1; want <= 2; want++ {
			if err := store(); err != nil || len(rows.Of("a")) != want {
				t.Errorf("prepared: %v, %d stored, want %d", err, len(rows.Of("a")), want)
			}
		}
	})
}
