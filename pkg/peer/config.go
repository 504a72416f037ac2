package peer

import (
	"errors"
	"strings"
	"time"

	"aura.radio/engine/pkg/config"
)

// Config is the block of variables for calls to other nodes. It is meant to be
// filled by config.Load.
type Config struct {
	Token   string        `env:"SYNC_TOKEN" secret:"true" doc:"Secret of the token with which this host calls the other nodes. They have the token in their AURA_API_TOKENS."`
	Timeout time.Duration `env:"SYNC_TIMEOUT" envDefault:"10s" doc:"How long a call to another node may take."`
}

// Bounds of the configuration.
const (
	minTimeout     = 100 * time.Millisecond
	maxTimeout     = 5 * time.Minute
	defaultTimeout = 10 * time.Second
)

// Validate names every mistake.
func (c *Config) Validate() error {
	var timeout error
	if c.Timeout != 0 && (c.Timeout < minTimeout || c.Timeout > maxTimeout) {
		timeout = &config.Mistake{Variable: "SYNC_TIMEOUT", Value: c.Timeout.String(), Rule: "must be from 100ms to 5m"}
	}
	return errors.Join(c.validateToken(), timeout)
}

func (c *Config) validateToken() error {
	if strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return &config.Mistake{Variable: "SYNC_TOKEN", Rule: "must be printable ASCII without blanks"}
	}
	return nil
}
