package journal

import (
	"cmp"
	"path/filepath"
	"strings"

	"aura.radio/engine/pkg/config"
)

// Config of the journal. Zero values mean the defaults.
type Config struct {
	Path string      `env:"JOURNAL" doc:"File in which plays, health and clocks are kept while the database can't store them. Empty: a file next to that of AURA_DATABASE_URL, with a database server engine-api.journal in the state directory."`
	Max  config.Size `env:"JOURNAL_MAX" envDefault:"256MiB" doc:"How much the journal keeps at most. 16 MiB of the disk are kept aside for it in addition."`

	Directory string // of the default, if the database is on a server
}

const (
	defaultMax = 256 << 20
	minMax     = 1 << 20
	suffix     = ".journal"
)

// Validate names every mistake.
func (c *Config) Validate() error {
	if c.Bytes() < minMax {
		return &config.Mistake{Variable: "JOURNAL_MAX", Value: c.Max.String(), Rule: "must be at least 1MiB"}
	}
	return nil
}

// Bytes is how much the journal keeps at most.
func (c *Config) Bytes() int64 { return int64(cmp.Or(c.Max, defaultMax)) }

// File is the journal of an engine-api. databaseFile is that of its database, or
// "" if the database is on a server.
func (c *Config) File(databaseFile string) string {
	switch {
	case c.Path != "":
		return filepath.Clean(c.Path)
	case databaseFile == "":
		return filepath.Join(c.Directory, "engine-api"+suffix)
	}
	return strings.TrimSuffix(databaseFile, ".db") + suffix
}
