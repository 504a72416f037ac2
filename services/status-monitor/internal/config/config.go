// Package config composes status-monitor's configuration from the blocks of its
// parts and of the shared packages. It promises that a configuration that Load
// returned is valid as a whole, and that otherwise every mistake is named at
// once.
package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/lifecycle"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/services/status-monitor/internal/act"
	"aura.radio/engine/services/status-monitor/internal/authority"
	"aura.radio/engine/services/status-monitor/internal/check"
	"aura.radio/engine/services/status-monitor/internal/decision"
	"aura.radio/engine/services/status-monitor/internal/heartbeat"
	"aura.radio/engine/services/status-monitor/internal/probe"
)

// Config is all that status-monitor can be told. Variables carry the prefix
// AURA_.
type Config struct {
	Name        string            `env:"NAME" doc:"Name of this monitor; no other monitor may have it. Audit records and the lease show the name. Empty: the host's name."`
	SyncHost    string            `env:"SYNC_HOST,required" doc:"URL of the sync node, such as http://host-3:8010. The sync node says which source is active."`
	MainHosts   map[int]string    `family:"MAIN_HOST" doc:"URL of the engine-api of each engine, such as http://host-1:8008, for probes. The number in the name is the engine's AURA_HOST_ID. Without AURA_SOURCE_n of that number, the source's health reports and plays are its signs of life, until relayed heartbeats arrive."`
	SourceNames model.SourceNames `env:"SOURCE_NAMES" doc:"What people call the sources, such as 1=Engine A,3=Studio line."`

	Heartbeats heartbeat.Config
	Decision   decision.Config
	Authority  authority.Config
	Probe      probe.Config
	Checks     check.Config
	Act        act.Config
	Peers      peer.Config

	lifecycle.Config
}

// Default is the configuration when nothing is set, as far as it differs from
// the shared blocks' own defaults.
func Default(environ map[string]string) Config {
	var cfg Config
	cfg.Instance = instance.Of(model.StatusMonitor, environ).Name
	cfg.Database.URL = "sqlite://" + filepath.Join(config.StateDirectory(environ), "status-monitor.db")
	cfg.HTTP.Listen = "127.0.0.1:8011"
	// Shorter than elsewhere: a switch is tried again soon.
	cfg.Peers.Timeout = 2 * time.Second
	return cfg
}

// Load reads and validates the configuration; the error names every mistake.
func Load(environ map[string]string) (Config, error) {
	cfg := Default(environ)
	if err := config.Load(&cfg, environ); err != nil {
		return Config{}, err
	}
	cfg.Decision.Watched, cfg.Decision.Quiet = cfg.watched()
	cfg.Heartbeats.Watched = cfg.Decision.Watched
	cfg.Decision.Lag = cfg.Probe.Lag()
	if cfg.Name == "" {
		host, err := os.Hostname()
		if err != nil || host == "" {
			return Config{}, &config.Mistake{Variable: "NAME", Rule: "is required, because this host has no name"}
		}
		cfg.Name = host
	}
	return cfg, nil
}

// maxName bounds the monitor's name, so that it fits next to what the monitor says.
const maxName = 64

// Validate checks what the blocks do not check themselves.
func (c *Config) Validate() error {
	var mistakes []error
	refuse := func(variable, value, rule string) {
		mistakes = append(mistakes, &config.Mistake{Variable: variable, Value: value, Rule: rule})
	}
	if len(c.Name) > maxName || strings.TrimSpace(c.Name) != c.Name || strings.ContainsFunc(c.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		refuse("NAME", c.Name, "must have at most 64 bytes, all printable, and no blanks around it")
	}
	node := func(variable, host string) {
		if _, err := peer.New(host, c.Peers); err != nil {
			refuse(variable, "", err.Error()) // this text shows no password
		}
	}
	if c.SyncHost != "" {
		node("SYNC_HOST", c.SyncHost)
	}
	for _, number := range slices.Sorted(maps.Keys(c.MainHosts)) {
		node("MAIN_HOST_"+strconv.Itoa(number), c.MainHosts[number])
	}
	watched, _ := c.watched()
	if len(watched) == 0 {
		refuse("SOURCE_1", "", "or "+config.Prefix+"MAIN_HOST_1 is required: with no source to watch there is nothing to decide")
	}
	return errors.Join(append(mistakes, c.Checks.Unwatched(watched))...)
}

// watched are the numbers of all sources that are watched, and of those among them
// from which no plain heartbeats are expected: their engine-api tells whether they
// live, and may relay heartbeats.
func (c *Config) watched() (all, quiet []int) {
	for number := range c.MainHosts {
		if _, sends := c.Heartbeats.Sources[number]; !sends {
			quiet = append(quiet, number)
		}
	}
	slices.Sort(quiet)
	all = slices.AppendSeq(slices.Clone(quiet), maps.Keys(c.Heartbeats.Sources))
	slices.Sort(all)
	return all, quiet
}

// Notes says in words how each source is watched.
func (c Config) Notes() []string {
	promises := c.Decision.Promises()
	notes := make([]string, len(c.Decision.Watched))
	for i, number := range c.Decision.Watched {
		notes[i] = fmt.Sprintf("source %d is %s", number, promises[number])
	}
	return notes
}

// Owner is whose the database is.
func (c Config) Owner() model.Owner { return model.Owner{Service: model.StatusMonitor} }
