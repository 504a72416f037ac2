package onair

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/model"
)

// Config are the settings of the rule of what was heard. They become part of the
// station's record at its first start; afterwards the record counts. With a sync
// node, its record counts on all hosts.
type Config struct {
	FallbackShows []string      `env:"FALLBACK_SHOWS" envDefault:"Fallback" doc:"Names of the shows that stand for an engine's fallback, separated by commas. Like the next two it becomes part of the station's record at the first start; later only the command rule changes it. In a redundant deployment those of the sync node count."`
	LongestFile   time.Duration `env:"UNKNOWN_DURATION_MAX" envDefault:"15m" doc:"For how long a file of unknown duration counts at most."`
	LongestLive   time.Duration `env:"UNKNOWN_LIVE_MAX" envDefault:"4h" doc:"For how long a stream or a line of unknown duration counts at most."`
}

// longest bounds LongestFile and LongestLive.
const longest = 24 * time.Hour

// Validate names every mistake.
func (c *Config) Validate() error {
	var mistakes []error
	for i, show := range c.FallbackShows {
		c.FallbackShows[i] = strings.TrimSpace(show)
	}
	if slices.Contains(c.FallbackShows, "") {
		mistakes = append(mistakes, &config.Mistake{Variable: "FALLBACK_SHOWS", Value: strings.Join(c.FallbackShows, ","), Rule: "must be names, separated by commas"})
	}
	for _, d := range []struct {
		variable string
		value    time.Duration
	}{{"UNKNOWN_DURATION_MAX", c.LongestFile}, {"UNKNOWN_LIVE_MAX", c.LongestLive}} {
		if d.value < time.Minute || d.value > longest || d.value%time.Millisecond != 0 {
			mistakes = append(mistakes, &config.Mistake{Variable: d.variable, Value: d.value.String(), Rule: "must be from 1m to 24h"})
		}
	}
	return errors.Join(mistakes...)
}

// Rule is the rule with these settings, from the beginning on.
func (c Config) Rule() model.HeardRule {
	return model.HeardRule{
		From: model.Earliest, Version: model.RuleHeard,
		FallbackShows: c.FallbackShows, LongestFile: c.LongestFile, LongestLive: c.LongestLive,
	}
}

// Warn says that the record has another rule than the configuration, if it has. The
// record counts: another service over the same database may be configured in another
// way. command is what lets the configured one count.
func (c Config) Warn(log zerolog.Logger, counts model.HeardRule, command string) {
	if wanted := c.Rule(); !counts.IsSame(wanted) {
		log.Warn().Stringer("counts", counts).Stringer("configured", wanted).
			Msg("the station's record has another rule than the configuration, and the record counts; " + command + " --from lets the configured one count")
	}
}
