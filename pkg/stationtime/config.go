package stationtime

import "aura.radio/engine/pkg/config"

// Config names the station's time zone.
type Config struct {
	Timezone string `env:"STATION_TIMEZONE" doc:"The station's time zone, such as Europe/Vienna. Times without an offset, days and months are in this zone. Empty: the host's zone, from TZ or /etc/localtime. If the host's zone is not known, the service does not start."`

	// Zone is the zone that Timezone names; Validate loads it.
	Zone *Zone
}

// Validate loads the zone. It refuses a zone that does not exist, and an empty
// name if the host's zone is not known.
func (c *Config) Validate() (err error) {
	const rule = "must be a zone of the IANA database, such as Europe/Vienna"
	if c.Timezone == "" {
		if c.Zone, err = Host(); err != nil {
			return &config.Mistake{Variable: "STATION_TIMEZONE", Rule: rule + "; the host's zone is not known: " + err.Error()}
		}
		return nil
	}
	if c.Zone, err = Load(c.Timezone); err != nil {
		return &config.Mistake{Variable: "STATION_TIMEZONE", Value: c.Timezone, Rule: rule}
	}
	return nil
}
