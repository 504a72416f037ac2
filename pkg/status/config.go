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
}

// Bounds of the configuration.
const (
	minSilence = -200
	minNoPlay  = time.Minute
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
	return errors.Join(mistakes...)
}
