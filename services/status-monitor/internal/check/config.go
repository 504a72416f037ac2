package check

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/services/status-monitor/internal/process"
)

// Config of the check plugins. It is meant to be filled by config.Load.
type Config struct {
	Commands map[int]string `family:"CHECK" doc:"Absolute path and arguments of a check plugin of Nagios' convention for what is really heard of the source, such as a silence detector or an Icecast mount. It must hear this source, whether it is active or not. There is no shell, and no variable but PATH. Exit code 2 for longer than AURA_SICK_AFTER makes the source sick."`
	Interval time.Duration  `env:"CHECK_INTERVAL" envDefault:"15s" doc:"How often each check plugin is run."`
	Timeout  time.Duration  `env:"CHECK_TIMEOUT" envDefault:"10s" doc:"How long a check plugin may run. Then it is killed, which tells nothing about the source."`
}

// Validate names every mistake.
func (c *Config) Validate() error {
	var found []error
	for _, number := range slices.Sorted(maps.Keys(c.Commands)) {
		words, err := process.Parse(c.Commands[number])
		if err == nil && len(words) == 0 {
			err = errors.New("must be the absolute path of a program")
		}
		if err != nil { // the value is not shown: its arguments may be secret
			found = append(found, &config.Mistake{Variable: variable(number), Rule: err.Error()})
		}
	}
	if c.Interval < time.Second || c.Interval > time.Hour {
		found = append(found, &config.Mistake{Variable: "CHECK_INTERVAL", Value: c.Interval.String(), Rule: "must be from 1s to 1h"})
	}
	if c.Timeout < 100*time.Millisecond || c.Timeout > c.Interval {
		found = append(found, &config.Mistake{Variable: "CHECK_TIMEOUT", Value: c.Timeout.String(), Rule: "must be from 100ms to the interval of the checks"})
	}
	return errors.Join(found...)
}

// Unwatched names the plugins of sources that are not watched.
func (c *Config) Unwatched(watched []int) error {
	var found []error
	for _, number := range slices.Sorted(maps.Keys(c.Commands)) {
		if !slices.Contains(watched, number) {
			n := strconv.Itoa(number)
			found = append(found, &config.Mistake{Variable: variable(number),
				Rule: "is for a source that is not watched: also set " + config.Prefix + "SOURCE_" + n + " or " + config.Prefix + "MAIN_HOST_" + n})
		}
	}
	return errors.Join(found...)
}

func variable(number int) string { return "CHECK_" + strconv.Itoa(number) }
