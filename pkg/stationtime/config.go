package stationtime

import "aura.radio/engine/pkg/config"

// Config names the station's time zone.
type Config struct {
	Timezone string `env:"STATION_TIMEZONE" doc:"The station's time zone, such as Europe/Vienna: times without an offset, days and months are in it. Empty: the host's."`

	// Zone is Timezone, loaded by Validate.
	Zone *Zone
}

// Validate loads the zone, and refuses one that does not exist.
func (c *Config) Validate() error {
	name := c.Timezone
	if name == "" {
		name = HostZone()
	}
	var err error
	if c.Zone, err = Load(name); err != nil {
		return &config.Mistake{Variable: "STATION_TIMEZONE", Value: name, Rule: "must be a zone of the IANA database, such as Europe/Vienna"}
	}
	return nil
}
