package probe

import (
	"errors"
	"time"

	"aura.radio/engine/pkg/config"
)

// Config of the probes. It is meant to be filled by config.Load.
type Config struct {
	Interval time.Duration `env:"PROBE_INTERVAL" envDefault:"5s" doc:"How often the monitor asks each engine-api for the engine's health."`
	Timeout  time.Duration `env:"PROBE_TIMEOUT" envDefault:"2s" doc:"How long an engine-api may take to answer."`
}

// Bounds of the configuration.
const (
	minInterval = 500 * time.Millisecond
	maxInterval = 10 * time.Minute
	minTimeout  = 100 * time.Millisecond
)

// Lag is how late the monitor may learn of what an engine-api has heard: it asks
// again after the interval, and each of the two calls may take until its timeout.
func (c *Config) Lag() time.Duration { return c.Interval + 2*c.Timeout }

// Validate names every mistake.
func (c *Config) Validate() error {
	var interval, timeout error
	if c.Interval < minInterval || c.Interval > maxInterval {
		interval = &config.Mistake{Variable: "PROBE_INTERVAL", Value: c.Interval.String(), Rule: "must be from 500ms to 10m"}
	}
	if c.Timeout < minTimeout || interval == nil && c.Timeout > c.Interval {
		timeout = &config.Mistake{Variable: "PROBE_TIMEOUT", Value: c.Timeout.String(), Rule: "must be from 100ms to the interval of the probes"}
	}
	return errors.Join(interval, timeout)
}
