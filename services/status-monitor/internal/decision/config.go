package decision

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"aura.radio/engine/pkg/config"
)

// Config of the rule. It is meant to be filled by config.Load.
type Config struct {
	HeartbeatInterval   time.Duration `env:"HEARTBEAT_INTERVAL" envDefault:"1s" doc:"How often each engine sends a heartbeat; see the engine's heartbeat_frequency."`
	HeartbeatTimeout    time.Duration `env:"HEARTBEAT_TIMEOUT" envDefault:"4s" doc:"How long a source may send no heartbeat before it is down. Half an interval is added, because a heartbeat may be late."`
	HeartbeatTimeoutMax time.Duration `env:"HEARTBEAT_TIMEOUT_MAX" envDefault:"20s" doc:"Each lost heartbeat among the last sixty prolongs the timeout by one interval, up to this limit."`
	RecoveryHold        time.Duration `env:"RECOVERY_HOLD" envDefault:"30s" doc:"How long a source that was down must send clean heartbeats before it is up again."`
	RecoveryHoldMax     time.Duration `env:"RECOVERY_HOLD_MAX" envDefault:"5m" doc:"The hold of a source that goes down again is doubled, up to this limit. A source that was up for longer than this limit gets the first hold again."`
	StartGrace          time.Duration `env:"START_GRACE" envDefault:"10s" doc:"How long the monitor only watches after its start."`
	PreferDefault       bool          `env:"PREFER_DEFAULT_SOURCE" envDefault:"false" doc:"Switch back to the default source when it is up again."`
	DefaultSource       int           `env:"DEFAULT_SOURCE" envDefault:"1" doc:"The active source before the first activation, and the first choice of a switch."`
	SickAfter           time.Duration `env:"SICK_AFTER" envDefault:"2m" doc:"How long a source must say or show that it sends silence, a frozen level or fallback until it is sick. A sick source is left for one that is up. 0: never."`

	// Watched are the numbers of all sources that can be down. Quiet are those of
	// them from which no heartbeat is expected: health reports and plays count until
	// a heartbeat arrives.
	Watched, Quiet []int
	// Lag is how late the monitor may learn of a report or play.
	Lag time.Duration
}

// Validate names every mistake.
func (c *Config) Validate() error {
	var found []error
	refuse := func(variable string, value time.Duration, rule string) {
		found = append(found, &config.Mistake{Variable: variable, Value: value.String(), Rule: rule})
	}
	if c.HeartbeatInterval < 10*time.Millisecond || c.HeartbeatInterval > time.Minute {
		refuse("HEARTBEAT_INTERVAL", c.HeartbeatInterval, "must be from 10ms to 1m")
	}
	if c.HeartbeatTimeout < 3*c.HeartbeatInterval || c.HeartbeatTimeout > time.Hour {
		refuse("HEARTBEAT_TIMEOUT", c.HeartbeatTimeout, "must be from three heartbeat intervals to 1h")
	}
	if c.HeartbeatTimeoutMax < c.HeartbeatTimeout || c.HeartbeatTimeoutMax > time.Hour {
		refuse("HEARTBEAT_TIMEOUT_MAX", c.HeartbeatTimeoutMax, "must be from the timeout to 1h")
	}
	if c.RecoveryHold < c.HeartbeatInterval || c.RecoveryHold > 24*time.Hour {
		refuse("RECOVERY_HOLD", c.RecoveryHold, "must be from one heartbeat interval to 24h")
	}
	if c.RecoveryHoldMax < c.RecoveryHold || c.RecoveryHoldMax > 24*time.Hour {
		refuse("RECOVERY_HOLD_MAX", c.RecoveryHoldMax, "must be from the hold to 24h")
	}
	if c.StartGrace < c.HeartbeatTimeout || c.StartGrace > time.Hour {
		refuse("START_GRACE", c.StartGrace, "must be from the heartbeat timeout to 1h")
	}
	if c.SickAfter < 0 || c.SickAfter > 24*time.Hour || c.SickAfter > 0 && c.SickAfter < 10*time.Second {
		refuse("SICK_AFTER", c.SickAfter, "must be 0, or from 10s to 24h")
	}
	if c.DefaultSource < 1 {
		found = append(found, &config.Mistake{
			Variable: "DEFAULT_SOURCE", Value: strconv.Itoa(c.DefaultSource), Rule: "must be a source's number, from 1"})
	}
	return errors.Join(found...)
}

// words is a duration as reasons give it.
func words(d time.Duration) string {
	return fmt.Sprintf("%.4g s", d.Round(100*time.Millisecond).Seconds())
}
