package config

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/caarlos0/env/v10"
)

// Prefix begins the name of every variable of every service.
const Prefix = "AURA_"

// Environ is the environment of the process, for Load.
func Environ() map[string]string {
	return env.ToMap(os.Environ())
}

// Load fills the struct that into points to from environ, a map of variables
// with their prefix. Then it calls Validate() error on every block that has
// this method, and on the struct itself. An empty variable counts as not set.
// The error joins all mistakes; each is a *Mistake if it concerns one variable.
func Load(into any, environ map[string]string) error { return load(into, environ, unknown) }

// LoadPart is Load for a struct that has only a few blocks of a configuration.
// It ignores other variables of the environment.
func LoadPart(into any, environ map[string]string) error {
	return load(into, environ, func([]setting, map[string]string) error { return nil })
}

func load(into any, environ map[string]string, rest func([]setting, map[string]string) error) error {
	settings, blocks := describe(into)
	var found mistakes
	for _, s := range settings {
		found.add(s.load(environ))
	}
	found.add(rest(settings, environ))
	for _, b := range blocks {
		if v, ok := b.Addr().Interface().(interface{ Validate() error }); ok {
			found.add(v.Validate())
		}
	}
	return errors.Join(found...)
}

// unknown reports every variable with our prefix that no setting reads.
func unknown(settings []setting, environ map[string]string) error {
	var found mistakes
	for _, name := range slices.Sorted(maps.Keys(environ)) {
		if !strings.HasPrefix(name, Prefix) ||
			slices.ContainsFunc(settings, func(s setting) bool { return s.reads(name) }) {
			continue
		}
		rule := "is not a known variable"
		if near := nearest(name, settings); near != "" {
			rule += "; did you mean " + near + "?"
		}
		// Its value is not shown: it may be a secret under a misspelled name.
		found.add(&Mistake{Variable: strings.TrimPrefix(name, Prefix), Rule: rule})
	}
	return errors.Join(found...)
}
