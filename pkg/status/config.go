package status

import (
	"errors"
	"strconv"
	"time"

	"aura.radio/engine/pkg/config"
)

// Config is the block of the configuration about health.
type Config struct {
	SilenceBelow float64       `env:"SILENCE_BELOW" envDefault:"-60" doc:"Level in dB below which an engine's sound counts as silence."`
	NoPlayAfter  time.Duration `env:"NO_PLAY_AFTER" envDefault:"30m" doc:"How long a source that says that it is healthy may play nothing until that is worth an alarm."`
	PurgeAfter   time.Duration `env:"PURGE_HEALTH_AFTER" doc:"States of health that ended longer ago are deleted, such as 8760h, a year. What says something of an engine's fallback stays, because reports depend on it, and so does the newest state of each source. At least 720h. Empty: none is deleted."`
}

// HealthFrom is from when on health is kept: the beginning of a day, in UTC. It is
// zero if all is kept.
func (c Config) HealthFrom(now time.Time) time.Time {
	if c.PurgeAfter == 0 {
		return time.Time{}
	}
	return now.UTC().Add(-c.PurgeAfter).Truncate(24 * time.Hour)
}

// Bounds of the configuration.
const (
	minSilence = -200
	minNoPlay  = time.Minute
	minPurge   = 30 * 24 * time.Hour
)

// Validate checks the block.
func (c *Config) Validate() error {
	var mistakes []error
	if !(c.SilenceBelow >= minSilence && c.SilenceBelow <= 0) {
		mistakes = append(mistakes, &config.Mistake{
			Variable: "SILENCE_BELOW", Value: strconv.FormatFloat(c.SilenceBelow, 'g', -1, 64), Rule: "must be from -200 to 0",
		})
	}
	if c.NoPlayAfter < minNoPlay {
		mistakes = append(mistakes, &config.Mistake{Variable: "NO_PLAY_AFTER", Value: c.NoPlayAfter.String(), Rule: "must be at least 1m"})
	}
	if c.PurgeAfter != 0 && c.PurgeAfter < minPurge {
		mistakes = append(mistakes, &config.Mistake{Variable: "PURGE_HEALTH_AFTER", Value: c.PurgeAfter.String(), Rule: "must be at least 720h"})
	}
	return errors.Join(mistakes...)
}
