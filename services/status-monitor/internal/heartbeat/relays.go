package heartbeat

import (
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/relay"
)

// refusal is why a datagram did not count.
type refusal int

const (
	forged     refusal = iota // it was signed with another key, or is not of this version
	replayed                  // its number is not greater than all before
	challenged                // its relay is not known yet, and was asked to prove itself
	plain                     // it is not signed, and its source is relayed
	unwatched                 // no such source is watched
	refusals
)

var refusalNames = [refusals]string{"forged", "replayed", "challenged", "plain", "unwatched"}

// relays is what is known of the relays of all sources. The goroutine that receives
// owns it, except for what is atomic.
type relays struct {
	numbers   []int
	keys      relay.Keys // only Reload uses them
	signer    atomic.Pointer[relay.Signer]
	followers []*relay.Follower // one for each of numbers
	followed  []atomic.Bool     // the same
	refused   [refusals]atomic.Uint64
	answer    []byte
	logged    time.Time // when a forged datagram was last logged
}

func newRelays(keys relay.Keys, numbers []int) *relays {
	r := &relays{
		numbers: numbers, keys: keys, followed: make([]atomic.Bool, len(numbers)),
		answer: make([]byte, 0, relay.Size),
	}
	r.signer.Store(relay.NewSigner(keys))
	for range numbers {
		r.followers = append(r.followers, relay.NewFollower())
	}
	return r
}

// follows reports whether the source with that index is relayed.
func (r *relays) follows(i int) bool { return r.followed[i].Load() }

// Reload counts heartbeats with the keys of a configuration that was read again, and
// says whether they are others. What is known of the relays stays. A key that is no
// good is refused, and so is none: no heartbeat would count.
func (l *Listener) Reload(cfg Config) (changed []string, err error) {
	keys, err := cfg.keys()
	switch r := l.relays; {
	case err != nil:
		return nil, err
	case r == nil && keys == nil, r != nil && keys.Equal(r.keys):
		return nil, nil
	case r == nil:
		return []string{config.Prefix + "HEARTBEAT_KEY is set; this needs a restart"}, nil
	case keys == nil:
		return nil, &config.Mistake{Variable: "HEARTBEAT_KEY", Rule: "must keep a key"}
	default:
		r.keys = keys
		r.signer.Store(relay.NewSigner(keys))
		return []string{config.Prefix + "HEARTBEAT_KEY is another one"}, nil
	}
}

// hear judges a relayed heartbeat.
func (l *Listener) hear(datagram []byte, from netip.AddrPort, now time.Time) {
	r := l.relays
	signer := r.signer.Load()
	d, ok := signer.Read(datagram)
	if !ok {
		r.refused[forged].Add(1)
		if now.Sub(r.logged) >= strangersLogEvery {
			l.log.Warn().Stringer("from", from).Msg("a relayed heartbeat has another key or version, and does not count")
			r.logged = now
		}
		return
	}
	i, watched := slices.BinarySearch(r.numbers, d.Source)
	if !watched {
		r.refused[unwatched].Add(1)
		return
	}
	switch verdict, missing, answer := r.followers[i].Hear(d); verdict {
	case relay.Replayed:
		r.refused[replayed].Add(1)
	case relay.Challenged:
		r.refused[challenged].Add(1)
		r.answer = signer.Append(r.answer[:0], answer)
		if _, err := l.conn.WriteToUDPAddrPort(r.answer, from); err != nil {
			l.log.Debug().Err(err).Stringer("to", from).Msg("a challenge can't be sent")
		}
	case relay.Counts:
		if !r.followed[i].Swap(true) {
			l.log.Info().Int("source", d.Source).Stringer("from", from).Msg("the heartbeats of a source are relayed; plain ones no longer count for it")
		}
		l.received[i].Add(1)
		l.queue.put(i, Beat{At: now, Count: 1, Relayed: true, Missing: int(min(missing, maxMissing))}) //nolint:gosec // it is small
	}
}

// maxMissing is more than any number of missing heartbeats that makes a difference.
const maxMissing = 1 << 16

// Relayed reports whether the heartbeats of a source are relayed.
func (l *Listener) Relayed(source int) bool {
	i, known := slices.BinarySearch(l.numbers, source)
	return known && l.relays != nil && l.relays.follows(i)
}

// Refused is how many datagrams did not count although their sender may be a
// source, by the reason.
func (l *Listener) Refused() map[string]uint64 {
	all := map[string]uint64{}
	for why, name := range refusalNames {
		all[name] = 0
		if l.relays != nil {
			all[name] = l.relays.refused[why].Load()
		}
	}
	return all
}
