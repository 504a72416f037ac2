package httpserver

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestAddressLimit(t *testing.T) {
	t.Parallel()
	busy := netip.MustParseAddr("192.0.2.1")
	t.Run("rate", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l := newAddressLimit(10, 20)
			allowed := 0
			for range 50 { // five seconds, 20 requests each
				for range 2 {
					if l.allow(busy) {
						allowed++
					}
				}
				time.Sleep(100 * time.Millisecond)
			}
			if allowed != 20+49 { // the burst, and what accrued since
				t.Errorf("%d allowed", allowed)
			}
		})
	})
	t.Run("bounded", func(t *testing.T) {
		t.Parallel()
		l := newAddressLimit(0.001, 1)
		l.allow(busy)
		for i := range uint32(3 * maxAddresses) {
			l.allow(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, i+1<<24))))
			if i%1000 == 0 && l.allow(busy) {
				t.Fatalf("a busy address was forgotten after %d others", i)
			}
		}
		if n := len(l.now) + len(l.old); n > 2*maxAddresses {
			t.Errorf("%d addresses held", n)
		}
	})
	t.Run("off", func(t *testing.T) {
		t.Parallel()
		l := newAddressLimit(0, 0)
		for range 1000 {
			if !l.allow(busy) {
				t.Fatal("refused")
			}
		}
	})
}
