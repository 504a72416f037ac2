// Package config fills a service's configuration struct from the environment
// and writes the table of its README from the same struct.
//
// It promises that a start with a wrong configuration names every mistake at
// once. A mistake has the variable, the received value (never that of a secret)
// and the rule. A misspelled AURA_ variable is a mistake and is not silently
// ignored. Secrets can be kept out of the environment, and then be read again.
//
// A struct describes its variables by tags, names without the AURA_ prefix:
//
//	env:"LISTEN" envDefault:"127.0.0.1:8008"  as in caarlos0/env
//	secret:"true"    also from AURA_X_FILE and from the systemd credential aura_x
//	file:"true"      names a file; see Files
//	family:"SOURCE"  a map[int]T from AURA_SOURCE_1, AURA_SOURCE_2, …
//	doc:"…"          the meaning, for the README
//
// Structs within the struct are blocks of the same kind. The value of a field
// before Load is its default and overrides envDefault, so a service can set its
// own default.
package config
