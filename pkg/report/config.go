package report

import (
	"errors"
	"strings"
	"time"
	"unicode"

	"aura.radio/engine/pkg/config"
)

// Config is meant to be filled by config.Load.
type Config struct {
	Station   string        `env:"STATION_NAME" envDefault:"AURA" doc:"What people call the station: on pages, in views, and as the author of reports (XLSX) and of chapters of recordings."`
	HoleAfter time.Duration `env:"HOLE_AFTER" envDefault:"1m" doc:"Reports show a longer time without any play as a hole. Within a timeslot more than 5 s are a hole."`
}

// maxStation bounds the station's name, in bytes.
const maxStation = 200

// Validate names every mistake.
func (c *Config) Validate() error {
	var station, hole error
	if len(c.Station) > maxStation || strings.ContainsFunc(c.Station, func(r rune) bool { return !unicode.IsPrint(r) }) {
		station = &config.Mistake{Variable: "STATION_NAME", Value: c.Station, Rule: "must have at most 200 bytes, all printable"}
	}
	if c.HoleAfter < time.Second || c.HoleAfter > 24*time.Hour {
		hole = &config.Mistake{Variable: "HOLE_AFTER", Value: c.HoleAfter.String(), Rule: "must be from 1s to 24h"}
	}
	return errors.Join(station, hole)
}
