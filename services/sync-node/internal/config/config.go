// Package config composes sync-node's configuration from the blocks of the
// shared packages. It promises that a configuration that Load returned is valid
// as a whole, and that otherwise every mistake is named at once.
package config

import (
	"cmp"
	"errors"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/lifecycle"
	"aura.radio/engine/pkg/links"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/status"
	"aura.radio/engine/pkg/trackservice"
	"aura.radio/engine/pkg/web"
	"aura.radio/engine/pkg/web/views"
)

// Config is the complete configuration of sync-node. Variables carry the prefix
// AURA_.
type Config struct {
	HostID        int               `env:"HOST_ID" envDefault:"0" doc:"Number of the sync node, always 0."`
	MainHosts     map[int]string    `family:"MAIN_HOST" doc:"URL of the engine-api of each engine, such as http://host-1:8008. The number in the name is the engine's AURA_HOST_ID."`
	DefaultSource int               `env:"DEFAULT_SOURCE" envDefault:"1" doc:"The active source before the first activation."`
	SourceNames   model.SourceNames `env:"SOURCE_NAMES" doc:"What people call the sources, such as 1=Engine A,3=Studio line."`
	Station       stationtime.Config

	SyncInterval  time.Duration `env:"SYNC_INTERVAL" envDefault:"3600" doc:"How often the sync node compares all records with each node, and exchanges what differs. It also does so at start."`
	SyncBatchSize int           `env:"SYNC_BATCH_SIZE" envDefault:"100" doc:"How many records are fetched at once, up to 1000."`
	SyncStepSleep time.Duration `env:"SYNC_STEP_SLEEP" envDefault:"0.23" doc:"Pause between two fetches. 0: no pause."`
	Peers         peer.Config

	Tracks   trackservice.Config
	Heard    onair.Config
	Report   report.Config
	Pages    web.Config
	Monitors []string `env:"MONITORS" envDefault:"http://127.0.0.1:8011" doc:"URLs of the status monitors whose view the page /status shows, separated by commas."`
	Links    links.Config
	Views    views.Config
	Health   status.Config
	lifecycle.Config
}

// Default is what holds if nothing is set, as far as it differs from the shared
// blocks' defaults.
func Default(environ map[string]string) Config {
	var cfg Config
	cfg.Instance = instance.Of(model.SyncNode, environ).Name
	cfg.Database.URL = "sqlite://" + filepath.Join(config.StateDirectory(environ), "sync-node.db")
	cfg.HTTP.Listen = "127.0.0.1:8010"
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

// Bounds of the configuration.
const (
	minInterval  = time.Second
	maxInterval  = 7 * 24 * time.Hour
	maxBatchSize = 1000
	maxStepSleep = time.Minute
)

// Validate checks what the blocks do not check themselves.
func (c *Config) Validate() error {
	var mistakes []error
	refuse := func(variable, value, rule string) {
		mistakes = append(mistakes, &config.Mistake{Variable: variable, Value: value, Rule: rule})
	}
	if c.HostID != 0 {
		refuse("HOST_ID", strconv.Itoa(c.HostID), "must be 0, the sync node's number; an engine's host runs engine-api")
	}
	for _, number := range slices.Sorted(maps.Keys(c.MainHosts)) {
		if _, err := peer.New(c.MainHosts[number], c.Peers); err != nil {
			refuse("MAIN_HOST_"+strconv.Itoa(number), "", err.Error()) // the error shows no password
		} else if leadsTo(c.MainHosts[number], c.HTTP.Listen) {
			refuse("MAIN_HOST_"+strconv.Itoa(number), "", "must be an engine's engine-api; it leads to "+
				config.Prefix+"LISTEN="+c.HTTP.Listen+", the sync node itself")
		}
	}
	for _, monitor := range c.Monitors {
		if _, err := peer.New(monitor, c.Peers); err != nil {
			refuse("MONITORS", "", err.Error()) // the error shows no password
		}
	}
	if c.DefaultSource < 1 {
		refuse("DEFAULT_SOURCE", strconv.Itoa(c.DefaultSource), "must be a source's number, from 1")
	}
	if c.SyncInterval < minInterval || c.SyncInterval > maxInterval {
		refuse("SYNC_INTERVAL", c.SyncInterval.String(), "must be from 1s to 168h")
	}
	if c.SyncBatchSize < 1 || c.SyncBatchSize > maxBatchSize {
		refuse("SYNC_BATCH_SIZE", strconv.Itoa(c.SyncBatchSize), "must be from 1 to 1000")
	}
	if c.SyncStepSleep < 0 || c.SyncStepSleep > maxStepSleep {
		refuse("SYNC_STEP_SLEEP", c.SyncStepSleep.String(), "must be from 0 to 1m")
	}
	return errors.Join(mistakes...)
}

// leadsTo reports whether a URL with one of this host's own names leads to the
// address at which the service listens.
func leadsTo(address, listen string) bool {
	u, err := url.Parse(address)
	host, port, splitErr := net.SplitHostPort(listen)
	if err != nil || splitErr != nil || cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]) != port {
		return false
	}
	name := strings.ToLower(u.Hostname())
	own, _ := os.Hostname() // "" matches no host
	if name == strings.ToLower(host) || name == "localhost" || own != "" && name == strings.ToLower(own) {
		return true
	}
	ip, err := netip.ParseAddr(name)
	at, _ := netip.ParseAddr(host) // an invalid address stands for any address
	return err == nil && ip.IsLoopback() && (!at.IsValid() || at.IsUnspecified() || at.IsLoopback())
}

// Owner is whose the database is.
func (c Config) Owner() model.Owner { return model.Owner{Service: model.SyncNode} }
