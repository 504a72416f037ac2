// Package model holds the domain: playlog entries and their corrections, health
// statuses, activations of a source, the studio clock, and their rules.
//
// It promises that the same facts give the same result wherever they are
// computed. Normalizing is idempotent. A fingerprint depends on the normalized
// values alone. Merging copies of an entry is commutative, associative and
// idempotent, so all databases end up equal in whatever order copies arrive.
// The package knows neither HTTP nor SQL. Times are UTC with microseconds.
package model
