package authority

import (
	"time"

	"aura.radio/engine/pkg/config"
)

// Config of the follower. It is meant to be filled by config.Load.
type Config struct {
	LeaseTime time.Duration `env:"LEASE_TIME" envDefault:"10s" doc:"Of several monitors, the holder of the sync node's lease acts. If the holder is gone for this long, another monitor takes over."`
	ActAlone  bool          `env:"ACT_ALONE" envDefault:"true" doc:"Whether the last holder of the lease goes on acting while it can't reach the sync node, even if another monitor may have taken over."`
}

// Bounds of the configuration.
const (
	minLeaseTime = 2 * time.Second
	maxLeaseTime = 5 * time.Minute
)

// Validate names every mistake.
func (c *Config) Validate() error {
	if c.LeaseTime < minLeaseTime || c.LeaseTime > maxLeaseTime {
		return &config.Mistake{Variable: "LEASE_TIME", Value: c.LeaseTime.String(), Rule: "must be from 2s to 5m"}
	}
	return nil
}

// The lease is renewed in time even if everything is slow. Its time is divided
// into a pause and a call that renews it, of a quarter each, and a round between
// them.
const (
	mostOften   = 2 * time.Second
	longestKeep = time.Second
)

// every is how often the sync node is asked, and how long one call may take.
func (c *Config) every() time.Duration { return min(c.LeaseTime/4, mostOften) }

// round is how long all calls of a round may take.
func (c *Config) round() time.Duration { return 3 * c.LeaseTime / 8 }

// keep is how long the memory may take to store what a round learned.
func (c *Config) keep() time.Duration { return min(c.LeaseTime/8, longestKeep) }
