// Package config composes status-monitor's configuration from the blocks of its
// parts and of the shared packages. It promises that a configuration that Load
// returned is valid as a whole, and that otherwise every mistake is named at
// once.
package config

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/lifecycle"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/services/status-monitor/internal/act"
	"aura.radio/engine/services/status-monitor/internal/authority"
	"aura.radio/engine/services/status-monitor/internal/decision"
	"aura.radio/engine/services/status-monitor/internal/heartbeat"
	"aura.radio/engine/services/status-monitor/internal/probe"
)

// Config is all that status-monitor can be told. Variables carry the prefix
// AURA_.
type Config struct {
	Name        string            `env:"NAME" doc:"Name of this monitor; no other monitor may have it. Audit records and the lease show the name. Empty: the host's name."`
	SyncHost    string            `env:"SYNC_HOST,required" doc:"URL of the sync node, such as http://host-3:8010. The sync node says which source is active."`
	MainHosts   map[int]string    `family:"MAIN_HOST" doc:"URL of the engine-api of each engine, such as http://host-1:8008, for probes. The number in the name is the engine's AURA_HOST_ID."`
	SourceNames model.SourceNames `env:"SOURCE_NAMES" doc:"What people call the sources, such as 1=Engine A,3=Studio line."`

	Heartbeats heartbeat.Config
	Decision   decision.Config
	Authority  authority.Config
	Probe      probe.Config
	Act        act.Config
	Peers      peer.Config

	lifecycle.Config
}

// Default is the configuration when nothing is set, as far as it differs from
// the shared blocks' own defaults.
func Default() Config {
	var cfg Config
	cfg.Database.URL = "sqlite:///var/lib/aura/status-monitor.db"
	cfg.HTTP.Listen = "127.0.0.1:8011"
	// Shorter than elsewhere: a switch is tried again soon.
	cfg.Peers.Timeout = 2 * time.Second
	return cfg
}

// Load reads and validates the configuration; the error names every mistake.
func Load(environ map[string]string) (Config, error) {
	cfg := Default()
	if err := config.Load(&cfg, environ); err != nil {
		return Config{}, err
	}
	cfg.Decision.Watched = slices.Sorted(maps.Keys(cfg.Heartbeats.Sources))
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
		if _, watched := c.Heartbeats.Sources[number]; !watched {
			refuse("MAIN_HOST_"+strconv.Itoa(number), "", // the value may hold a password
				"is the engine-api of a source without heartbeats: also set "+config.Prefix+"SOURCE_"+strconv.Itoa(number))
		}
	}
	if len(c.Heartbeats.Sources) == 0 {
		refuse("SOURCE_1", "", "is required: with no source to watch there is nothing to decide")
	}
	return errors.Join(mistakes...)
}

// Owner is whose the database is.
func (c Config) Owner() model.Owner { return model.Owner{Service: model.StatusMonitor} }
