// Package config composes engine-api's configuration from the blocks of the
// shared packages. It promises that a configuration that Load returned is valid
// as a whole, and that otherwise every mistake is named at once.
package config

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/lifecycle"
	"aura.radio/engine/pkg/links"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/status"
	"aura.radio/engine/pkg/trackservice"
	"aura.radio/engine/pkg/web"
	"aura.radio/engine/pkg/web/views"
	"aura.radio/engine/services/engine-api/internal/heartbeat"
	"aura.radio/engine/services/engine-api/internal/journal"
)

// Config is the complete configuration of engine-api. Variables carry the
// prefix AURA_.
type Config struct {
	HostID        int `env:"HOST_ID" envDefault:"1" doc:"Number of the engine on this host, from 1. Playlog entries without a source count as this engine's."`
	Station       stationtime.Config
	DefaultSource int `env:"DEFAULT_SOURCE" envDefault:"1" doc:"The active source before the first activation."`

	SyncHost string `env:"SYNC_HOST" doc:"URL of the sync node in a redundant deployment, such as http://host-3:8010. The sync node gets every record of this host, and decides which source is active. Empty: there is no sync node."`
	Peers    peer.Config

	Heartbeats heartbeat.Config

	Journal journal.Config

	Tracks trackservice.Config
	Heard  onair.Config
	Report report.Config
	Pages  web.Config
	Links  links.Config
	Views  views.Config
	Health status.Config

	Engines      httpserver.Engines
	EngineSource source.Engines
	EngineTime   stationtime.EngineConfig
	lifecycle.Config
}

// Default is what holds if nothing is set, as far as it differs from the shared
// blocks' defaults.
func Default(environ map[string]string) Config {
	var cfg Config
	cfg.Instance = instance.Of(model.EngineAPI, environ).Name
	cfg.Journal.Directory = config.StateDirectory(environ)
	cfg.Database.URL = "sqlite://" + filepath.Join(cfg.Journal.Directory, "engine-api.db")
	return cfg
}

// Load reads and validates the configuration; the error names every mistake.
func Load(environ map[string]string) (Config, error) {
	cfg := Default(environ)
	if err := config.Load(&cfg, environ); err != nil {
		return Config{}, err
	}
	return cfg, nil
}

// Validate checks what the blocks do not check themselves.
func (c *Config) Validate() error {
	var mistakes []error
	refuse := func(variable, value, rule string) {
		mistakes = append(mistakes, &config.Mistake{Variable: variable, Value: value, Rule: rule})
	}
	if c.HostID < 1 {
		refuse("HOST_ID", strconv.Itoa(c.HostID), "must be an engine's number, from 1 (0 is the sync node's)")
	}
	if c.DefaultSource < 1 {
		refuse("DEFAULT_SOURCE", strconv.Itoa(c.DefaultSource), "must be a source's number, from 1")
	}
	if c.SyncHost != "" {
		if _, err := peer.New(c.SyncHost, c.Peers); err != nil {
			refuse("SYNC_HOST", "", err.Error()) // the error shows no password
		} else if isOwn(c.SyncHost, c.HTTP.Listen) {
			refuse("SYNC_HOST", c.SyncHost, "must be the address of the sync node, not this service's own AURA_LISTEN")
		}
	}
	return errors.Join(mistakes...)
}

// isOwn reports whether the URL leads to where this service listens. Other
// names of this host are not known here. They are found out when the node is
// asked what it is.
func isOwn(syncHost, listen string) bool {
	u, err := url.Parse(strings.TrimSpace(syncHost))
	host, port, err2 := net.SplitHostPort(listen)
	if err != nil || err2 != nil || port == "0" {
		return false
	}
	if cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]) != port {
		return false
	}
	return slices.ContainsFunc(addresses(u.Hostname()), func(a string) bool { return slices.Contains(addresses(host), a) })
}

// addresses returns the addresses that a host of a URL or of AURA_LISTEN stands
// for, as far as that is known without a lookup.
func addresses(host string) []string {
	loopback := []string{"127.0.0.1", "::1"}
	ip, err := netip.ParseAddr(host)
	switch {
	case strings.EqualFold(host, "localhost"), strings.HasSuffix(strings.ToLower(host), ".localhost"):
		return loopback
	case host == "", err == nil && ip.IsUnspecified(): // all addresses of this host
		return append(loopback, "::", "0.0.0.0")
	case err == nil:
		return []string{ip.Unmap().String()}
	}
	return []string{strings.ToLower(host)}
}

// EngineZone is the zone of the engine's times without an offset.
func (c Config) EngineZone() *stationtime.Zone { return cmp.Or(c.EngineTime.Zone, c.Station.Zone) }

// Owner is whose the database is.
func (c Config) Owner() model.Owner { return model.Owner{Service: model.EngineAPI, Host: c.HostID} }
