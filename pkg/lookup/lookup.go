// Package lookup keeps the addresses of a host's name.
//
// It promises that the last known addresses stay while the name can't be looked up,
// and that an address that was changed is found within a minute.
package lookup

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging"
)

// every is how often a host name is looked up again, and again how soon after a
// failure. timeout bounds one look-up.
const (
	every   = time.Minute
	again   = 5 * time.Second
	timeout = 5 * time.Second
)

// Resolver looks host names up; net.DefaultResolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Keep looks a name up, again and again until ctx ends, and calls found with the
// addresses, of which there is at least one.
func Keep(ctx context.Context, resolver Resolver, name string, found func([]netip.Addr), log zerolog.Logger) {
	trouble := logging.NewLasting(log.With().Str("host", name).Logger(), "resolving the name of a host failed")
	for {
		wait := every
		lookup, cancel := context.WithTimeout(ctx, timeout)
		addrs, err := resolver.LookupNetIP(lookup, "ip", name)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if err == nil && len(addrs) == 0 {
			err = errors.New("the name has no address")
		}
		trouble.Report(err)
		if err == nil {
			found(addrs)
		} else {
			wait = again
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}
