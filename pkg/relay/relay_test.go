package relay_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/relay"
)

var key = bytes.Repeat([]byte{7}, 32)

func TestReadKeys(t *testing.T) {
	t.Parallel()
	other := bytes.Repeat([]byte{8}, 40)
	for _, text := range []string{
		hex.EncodeToString(key), base64.StdEncoding.EncodeToString(key), base64.RawStdEncoding.EncodeToString(key), base64.URLEncoding.EncodeToString(key),
	} {
		if got, err := relay.ReadKeys(text); err != nil || !got.Equal(relay.Keys{key}) {
			t.Errorf("%s: %x, %v", text, got, err)
		}
		for _, between := range []string{",", "\n", " ", ",\r\n "} {
			two := text + between + hex.EncodeToString(other) + "\n"
			if got, err := relay.ReadKeys(two); err != nil || !got.Equal(relay.Keys{key, other}) {
				t.Errorf("%s: %x, %v", two, got, err)
			}
		}
	}
	for _, text := range []string{"", "secret", hex.EncodeToString(key[1:]), base64.StdEncoding.EncodeToString(key[1:]), "not-base64!-but-quite-long-and-longer-than-any-key",
		hex.EncodeToString(key) + ",short", strings.Repeat(hex.EncodeToString(key)+"\n", 3)} {
		if got, err := relay.ReadKeys(text); err == nil {
			t.Errorf("%s is taken as %x", text, got)
		}
	}
}

func TestSigner(t *testing.T) {
	t.Parallel()
	count := relay.NewCount(3)
	count.Next()
	sent := relay.NewSigner(relay.Keys{key}).Append([]byte("before"), count.For(9))[len("before"):]
	if len(sent) != relay.Size || !relay.IsOne(sent) || relay.IsOne([]byte("OK")) {
		t.Errorf("%x", sent)
	}
	reader := relay.NewSigner(relay.Keys{key})
	if got, ok := reader.Read(sent); !ok || got != count.For(9) || got.Source != 3 || got.Number != 1 {
		t.Errorf("%+v", got)
	}
	for i := range sent { // each byte is signed
		wrong := slices.Clone(sent)
		wrong[i] ^= 1
		if got, ok := reader.Read(wrong); ok {
			t.Errorf("byte %d does not matter: %+v", i, got)
		}
	}
	for _, wrong := range [][]byte{nil, sent[1:], append(slices.Clone(sent), 0), relay.NewSigner(relay.Keys{append(key, 1)}).Append(nil, count.For(9))} {
		if got, ok := reader.Read(wrong); ok {
			t.Errorf("%x is read as %+v", wrong, got)
		}
	}
}

// TestSigner_exchange: whoever knows both keys reads either, and answers with the one
// that was used. The first one signs.
func TestSigner_exchange(t *testing.T) {
	t.Parallel()
	other := bytes.Repeat([]byte{8}, 32)
	before, after := relay.NewSigner(relay.Keys{key}), relay.NewSigner(relay.Keys{other})
	count := relay.NewCount(3)
	count.Next()
	for _, both := range []*relay.Signer{relay.NewSigner(relay.Keys{key, other}), relay.NewSigner(relay.Keys{other, key})} {
		for _, one := range []*relay.Signer{before, after} {
			d, ok := both.Read(one.Append(nil, count.For(0)))
			if !ok {
				t.Fatal("a heartbeat with one of the keys is not read")
			}
			_, _, answer := relay.NewFollower().Hear(d)
			challenge, ok := one.Read(both.Append(nil, answer))
			if _, isMine := count.Nonce(challenge); !ok || !isMine {
				t.Error("the challenge is not signed with the key of the heartbeat")
			}
		}
	}
	sent := relay.NewSigner(relay.Keys{other, key}).Append(nil, count.For(0))
	if _, ok := after.Read(sent); !ok {
		t.Error("the first key does not sign")
	}
	if _, ok := before.Read(sent); ok {
		t.Error("the key that is gone still counts")
	}
}

// running is a relay, with the nonce that its monitor gave.
type running struct {
	*relay.Count
	nonce uint64
}

// world is a monitor, relays of one source that follow each other, and somebody who
// records everything and sends it again.
type world struct {
	t        *rapid.T
	monitor  *relay.Follower
	now      running
	listens  bool           // the monitor heard a relay of this source since its start
	counted  uint64         // of the present relay
	last     relay.Datagram // that counted since the monitor's start, also of an earlier relay
	recorded []relay.Datagram
}

// arrive lets a datagram of the present relay arrive, and the answers to it.
func (w *world) arrive() {
	d := w.now.For(w.now.nonce)
	for range 2 {
		v, missing, answer := w.monitor.Hear(d)
		switch v {
		case relay.Counts:
			if d.Number <= w.counted {
				w.t.Fatalf("number %d counts after %d", d.Number, w.counted)
			}
			want := d.Number - w.counted - 1
			if !w.listens {
				want = 0
			}
			if missing != want {
				w.t.Fatalf("%d are missing, want %d", missing, want)
			}
			w.counted, w.listens, w.last = d.Number, true, d
			return
		case relay.Replayed:
			w.t.Fatalf("number %d of a live relay is replayed", d.Number)
		}
		nonce, ok := w.now.Nonce(answer)
		if !ok {
			w.t.Fatalf("the challenge %+v is not for this relay", answer)
		}
		w.now.nonce = nonce
		d = w.now.For(nonce)
		w.recorded = append(w.recorded, d)
	}
	w.t.Fatal("a live relay does not count")
}

// TestFollower: over random histories each heartbeat that arrives counts, once, and
// what is missing is exact. Nothing that was recorded ever counts, before or after
// restarts of the relay and of the monitor.
func TestFollower(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &world{t: t, monitor: relay.NewFollower(), now: running{Count: relay.NewCount(1)}}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"beat", "beat", "beat", "lost", "replay", "replay", "relay starts", "monitor starts"}).Draw(t, "step") {
			case "beat":
				w.now.Next()
				w.recorded = append(w.recorded, w.now.For(w.now.nonce))
				w.arrive()
			case "lost":
				w.now.Next()
				w.recorded = append(w.recorded, w.now.For(w.now.nonce))
			case "replay": // also of one that was lost: the thief kept it, unless it is the very next
				if len(w.recorded) == 0 {
					continue
				}
				d := w.recorded[rapid.IntRange(0, len(w.recorded)-1).Draw(t, "which")]
				isOfNow := d.Start == w.now.For(0).Start
				isHeldUp := d == w.now.For(w.now.nonce) || isOfNow && d.Number > w.counted ||
					d.Start == w.last.Start && d.Number > w.last.Number // the monitor can't know yet that its relay is gone
				if v, _, _ := w.monitor.Hear(d); v == relay.Counts && !isHeldUp {
					t.Fatalf("%+v counts again", d)
				} else if v == relay.Counts {
					w.last, w.listens = d, true
					if isOfNow {
						w.counted = d.Number
					}
				}
			case "relay starts":
				w.now, w.counted = running{Count: relay.NewCount(1)}, 0
			case "monitor starts":
				w.monitor, w.listens, w.counted, w.last = relay.NewFollower(), false, 0, relay.Datagram{}
				for _, d := range w.recorded { // none of them is from after its start
					if v, _, _ := w.monitor.Hear(d); v == relay.Counts {
						t.Fatalf("%+v counts after a start", d)
					}
				}
			}
			if v, _, _ := w.monitor.Hear(relay.Datagram{Source: 1, Start: w.now.For(0).Start}); v == relay.Counts {
				t.Fatal("number 0 counts")
			}
		}
	})
}
