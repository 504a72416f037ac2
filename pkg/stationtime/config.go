package stationtime

import "aura.radio/engine/pkg/config"

// Config names the station's time zone.
type Config struct {
	Timezone string `env:"STATION_TIMEZONE" doc:"The station's time zone, such as Europe/Vienna. Times without an offset, days and months are in this zone. Empty: the host's zone, from TZ or /etc/localtime. If the host's zone is not known, the service does not start."`

	// Zone is the zone that Timezone names; Validate loads it.
	Zone *Zone
}

// EngineConfig names the zone of an engine's times without an offset. It is a
// block of the configuration of a service that engines call.
type EngineConfig struct {
	Timezone string `env:"ENGINE_TIMEZONE" doc:"The zone of the engine's times without an offset, such as UTC for an engine in a container without TZ. Empty: AURA_STATION_TIMEZONE."`

	// Zone is the zone that Timezone names, nil if it names none; Validate loads
	// it.
	Zone *Zone
}

// Validate loads the zone, and refuses one that does not exist.
func (c *EngineConfig) Validate() (err error) {
	if c.Timezone == "" {
		return nil
	}
	if c.Zone, err = Load(c.Timezone); err != nil {
		return &config.Mistake{Variable: "ENGINE_TIMEZONE", Value: c.Timezone, Rule: knownZone}
	}
	return nil
}

// knownZone is the rule for names of zones.
const knownZone = "must be a zone of the IANA database, such as Europe/Vienna"

// Validate loads the zone. It refuses a zone that does not exist, and an empty
// name if the host's zone is not known.
func (c *Config) Validate() (err error) {
	if c.Timezone == "" {
		if c.Zone, err = Host(); err != nil {
			return &config.Mistake{Variable: "STATION_TIMEZONE", Rule: knownZone + "; the host's zone is not known: " + err.Error()}
		}
		return nil
	}
	if c.Zone, err = Load(c.Timezone); err != nil {
		return &config.Mistake{Variable: "STATION_TIMEZONE", Value: c.Timezone, Rule: knownZone}
	}
	return nil
}
