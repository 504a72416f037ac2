package report

import (
	"strings"
	"unicode"

	"aura.radio/engine/pkg/config"
)

// Config is meant to be filled by config.Load.
type Config struct {
	Station string `env:"STATION_NAME" envDefault:"AURA" doc:"What people call the station. A report as a workbook (XLSX) names it as its author."`
}

// maxStation bounds the station's name, in bytes.
const maxStation = 200

// Validate names every mistake.
func (c *Config) Validate() error {
	if len(c.Station) > maxStation || strings.ContainsFunc(c.Station, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return &config.Mistake{Variable: "STATION_NAME", Value: c.Station, Rule: "must have at most 200 bytes, all printable"}
	}
	return nil
}
