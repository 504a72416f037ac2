package command

import (
	"errors"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/cli/purge"
	"aura.radio/engine/pkg/cli/rule"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/services/engine-api/internal/config"
)

// openNode opens the service's database, which must exist.
func openNode(cfg config.Config, log zerolog.Logger) (*repo.Node, error) {
	return repo.OpenExistingNode(cfg.Database, log)
}

// zoneOf is the station's zone.
func zoneOf(cfg config.Config) *stationtime.Zone { return cfg.Station.Zone }

// errNotPrepared: a rule is judged by what was derived before.
var errNotPrepared = errors.New("it was not derived yet what was heard: start engine-api, and try again when it has finished")

// ruleSettings are those of the rule of what was heard.
func ruleSettings(cfg config.Config) rule.Settings {
	return rule.Settings{Configured: cfg.Heard.Rule(), Zone: cfg.Station.Zone, Decider: cfg.SyncHost, NotPrepared: errNotPrepared}
}

// purgeSettings are those of the commands that purge. What was heard of the rest can
// be derived later.
func purgeSettings(cfg config.Config) purge.Settings {
	return purge.Settings{Zone: cfg.Station.Zone, Decider: cfg.SyncHost}
}
